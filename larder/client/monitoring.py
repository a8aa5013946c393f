"""Models that are watched, from Python: baselines, runs and reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larder.client.instants import micros_of
from larder.errors import ResourceNotFound, ValidationError
from larder.models.served import ServedModel
from larder.monitoring.baselines import Baseline, package_subject, subject_of
from larder.monitoring.documents import constraints_from
from larder.monitoring.quality import LabelHistory, VariantQuality, quality
from larder.monitoring.report_html import report_html
from larder.monitoring.rounds import Rounds
from larder.monitoring.run import watched_of
from larder.monitoring.run_documents import RunReport
from larder.monitoring.skew import SkewCheck, SkewReport
from larder.monitoring.window import Cadence, Window
from larder.offline.feature_table import FeatureTable


@dataclass(frozen=True, slots=True)
class MonitoringClient:
    """A platform's monitoring, by the caller's own rights."""

    rounds: Rounds
    open_skew: Callable[[], SkewCheck]
    open_tables: Callable[[], Callable[[str], FeatureTable]]

    def baseline(
        self, model: str, training_set: str, constraints: str | Path | None = None
    ) -> Baseline:
        """The baseline of a model, made of a training set; the same again changes nothing.

        ``model`` is a model package (``group/version`` or its ARN), or a model's name.
        ``constraints`` is a file ``constraints.json`` that replaces what the set suggests.

        Raises:
            ResourceNotFound: there is no such model, package or training set.
            ValidationError: the set lacks a column, or the file can't be followed.
        """
        given = None if constraints is None else constraints_from(Path(constraints).read_bytes())
        return self.rounds.baselines.make(*self._model(model), training_set, given)

    def run(self, endpoint: str, *, since: str, until: str = "") -> RunReport:
        """Compare an endpoint's exposures of a window with the baselines, now.

        ``since`` and ``until`` are ISO-8601 instants or dates of UTC; without an end it is now.

        Raises:
            ResourceNotFound: there is no such endpoint.
            ValidationError: an instant can't be read, or the window is empty.
        """
        return self.rounds.run(endpoint, self._window(since, until))

    def skew(
        self, endpoint: str, *, since: str, until: str = "", sample: int = 500, salt: str = ""
    ) -> list[SkewReport]:
        """Served vectors of a window compared with the history, for each variant.

        At most 1,000 exposures are compared at once. The same ``salt`` chooses the same ones.

        Raises:
            ResourceNotFound: there is no such endpoint.
            ValidationError: the window can't be read, or a group has no history.
        """
        window, check = self._window(since, until), self.open_skew()
        served = self.rounds.endpoint(endpoint).served
        return [
            check.run(endpoint, each, window, sample, salt)
            for each in watched_of(served)
            if not each.shadow
        ]

    def quality(
        self,
        endpoint: str,
        labels: str,
        *,
        since: str,
        until: str = "",
        label: str = "label",
        threshold: float = 0.5,
    ) -> list[VariantQuality]:
        """How good the predictions of a window were, by variant, of the labels so far.

        ``labels`` is a feature group whose record identifier is the inference id. Or it is a table
        ``database.table`` with the columns ``inference_id`` and ``label``. Precision is that of
        scores from ``threshold`` on.

        Raises:
            ValidationError: the window can't be read, or the group has no such history.
        """
        monitor = self.rounds.monitor
        found = self._labels(labels, label)
        window = self._window(since, until)
        return quality(monitor.queries, monitor.database, endpoint, window, found, threshold)

    def _labels(self, labels: str, label: str) -> LabelHistory:
        database, dot, table = labels.partition(".")
        if dot:
            return LabelHistory(database, table, label=label)
        group = self.open_tables()(labels)
        if group.feature(label) is None:
            raise ValidationError(
                f"label: feature group {labels} has no feature {label!r}; it has "
                f"{', '.join(each.name for each in group.features)[:300]}."
            )
        return LabelHistory(
            group.database,
            group.table,
            key=group.record_identifier.name,
            label=label,
            newest=group.event_time.name,
            deleted="is_deleted",
        )

    def _window(self, since: str, until: str) -> Window:
        end = micros_of(until, "until") if until else self.rounds.clock()
        window = Window(Cadence.ASKED, micros_of(since, "since"), end)
        if window.start >= window.end:
            raise ValidationError(f"since: {since} is not before {until or 'now'}.")
        return window

    def report(self, endpoint: str, cadence: str = "") -> RunReport:
        """The newest run of an endpoint; of one cadence, or of any.

        Raises:
            ResourceNotFound: there was no run yet.
        """
        wanted = [Cadence(cadence)] if cadence else list(Cadence)
        found = [next(self.rounds.reports(endpoint, each), None) for each in wanted]
        runs = [each for each in found if each is not None]
        if not runs:
            raise ResourceNotFound(
                f"There is no run of monitoring of endpoint {endpoint!r}: they come each hour, "
                "and by larder monitor run."
            )
        return max(runs, key=lambda each: each.at)

    def html(self, run: RunReport) -> str:
        """A run as one page that needs no network, with a plot for each column."""
        found = {
            each.variant: self.rounds.baselines.statistics(each.subject, each.baseline)
            for each in run.variants
            if each.baseline
        }
        return report_html(run, found)

    def alerts(self) -> list[Mapping[str, Any]]:
        """The alerts that are open, as they were sent."""
        return list(self.rounds.alerts.open())

    def _model(self, name: str) -> tuple[str, ServedModel]:
        """Whose baseline is meant, and its model."""
        registry, package = self.rounds.registry, name.rpartition(":model-package/")[2]
        found = registry.packages.get(package) if "/" in package else None
        if found is not None and found.served is not None:
            return package_subject(found.name), found.served
        model = registry.models.get(name)
        if model is None:
            raise ResourceNotFound(
                f"{name[:200]!r} is no model and no model package that can be served: give "
                "GROUP/VERSION, an ARN, or a model's name."
            )
        return subject_of(model.served), model.served
