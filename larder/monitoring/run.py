"""One run: an endpoint's exposures of a window against the baselines of its models.

A run is written as one document and SageMaker's own, below ``monitoring/runs/``. The same window
may be run again at any time: exposures that came late count then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from larder.as_of.text import literal, table_name
from larder.errors import ResourceNotFound
from larder.models import experiment_sql
from larder.models.exposure_table import TABLE
from larder.models.report_experiment import ExperimentReport, QueryRows, report
from larder.models.served import Fleet, ServedEndpoint, ServedModel
from larder.monitoring.baselines import Baselines, Pinned, subject_of
from larder.monitoring.columns import watched_columns
from larder.monitoring.constraints import Constraints
from larder.monitoring.judge import Judgement, judge
from larder.monitoring.measure import buckets_by, counted
from larder.monitoring.run_documents import RunReport, SplitFound, VariantRun
from larder.monitoring.statistics import Statistics
from larder.monitoring.violations import Check, Violation
from larder.monitoring.window import Cadence, Window

_ALARM = 0.001
_HOURS = 24
"""An hourly split is tested 24 times a day, so that each test may fail so much less often."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One variant of an endpoint, as configured now."""

    variant: str
    shadow: bool
    model: ServedModel


def watched_of(endpoint: ServedEndpoint) -> Iterator[Watched]:
    """Variants and shadows of an endpoint; during an update those of both sides."""
    fleets = [endpoint.blue, *([endpoint.green] if endpoint.green else [])]
    seen: set[tuple[str, bool, tuple[str, ...]]] = set()
    for each in (found for fleet in fleets for found in _of_fleet(fleet)):
        key = (each.variant, each.shadow, tuple(one.sha256 for one in each.model.artefacts))
        if key not in seen:
            seen.add(key)
            yield each


def _of_fleet(fleet: Fleet) -> Iterator[Watched]:
    for shadow, variants in ((False, fleet.variants), (True, fleet.shadows)):
        for each in variants:
            yield Watched(each.name, shadow, each.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBy:
    """What a run is judged by, beside the models' own baselines.

    Attributes:
        name: of the job definition.
        source: the address of its statistics.
        statistics: those of its baseline, in place of the models' own.
        constraints: likewise.
        notes: why a subject has no baseline of its own, where that is known.
    """

    name: str = ""
    source: str = ""
    statistics: Statistics | None = None
    constraints: Constraints | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Monitor:
    """Runs over the exposures of a database.

    ``is_made`` says whether the table of exposures exists: the first exposure makes it.
    """

    queries: QueryRows
    database: str
    baselines: Baselines
    is_made: Callable[[], bool] = lambda: True

    def run(
        self, endpoint: ServedEndpoint, window: Window, at: int, by: JudgedBy | None = None
    ) -> RunReport:
        """The report of a window. ``at`` is when, in microseconds since the epoch.

        Raises as ``larder.offline.queries.Queries`` does.
        """
        is_made = self.is_made()
        exposures = self._exposures(endpoint.name, window) if is_made else None
        violations = list(_split(exposures, window))
        variants = []
        for each in watched_of(endpoint) if is_made else ():
            found = self._variant(endpoint.name, each, window, by or JudgedBy())
            variants.append(found)
            violations.extend(replace(one, variant=each.variant) for one in found.violations)
        return RunReport(
            endpoint=endpoint.name,
            cadence=window.cadence,
            window=window.name,
            start=window.bounds[0],
            end=window.bounds[1],
            at=at,
            exposures=sum(each.exposures for each in exposures.variants) if exposures else 0,
            split=_split_found(exposures),
            variants=tuple(variants),
            violations=tuple(violations),
        )

    def _exposures(self, endpoint: str, window: Window) -> ExperimentReport | None:
        asked = experiment_sql.Window(self.database, endpoint, *window.bounds)
        try:
            return report(self.queries, asked)
        except ResourceNotFound:
            return None

    def _variant(self, endpoint: str, watched: Watched, window: Window, by: JudgedBy) -> VariantRun:
        pinned = self._pinned(watched.model, by)
        if pinned is None:
            note = by.notes.get(subject_of(watched.model), _NO_BASELINE)
            return _unwatched(watched, note)
        current = self.statistics(endpoint, watched, window, pinned)
        found = judge(pinned.statistics, current, pinned.constraints)
        return VariantRun(
            variant=watched.variant,
            shadow=watched.shadow,
            model=watched.model.name,
            subject=pinned.baseline.subject,
            baseline=pinned.baseline.version,
            training_set=pinned.baseline.training_set,
            statistics=current,
            drifts=found.drifts,
            unjudged=found.unjudged,
            violations=found.violations,
            note=_note(current, found),
        )

    def _pinned(self, model: ServedModel, by: JudgedBy) -> Pinned | None:
        """The baseline that is given, or the model's own with the constraints that are given."""
        subject = subject_of(model)
        if by.statistics is not None:
            own = f"definition/{by.name}/{subject}"
            self.baselines.adopt(own, model, (by.statistics, by.constraints), by.source)
            return self.baselines.pinned(own)
        pinned = self.baselines.pinned(subject)
        if pinned is None or not pinned.baseline.fits(model):
            return None
        return pinned if by.constraints is None else replace(pinned, constraints=by.constraints)

    def statistics(
        self, endpoint: str, watched: Watched, window: Window, pinned: Pinned
    ) -> Statistics:
        """What the window's exposures of a variant had, by the baseline's buckets."""
        buckets = buckets_by(watched_columns(watched.model), pinned.statistics)
        relation = exposed(self.database, endpoint, watched, window)
        return counted(self.queries, relation, buckets)


_NO_BASELINE = "no baseline: make one by larder monitor baseline"


def _unwatched(watched: Watched, note: str) -> VariantRun:
    return VariantRun(
        variant=watched.variant, shadow=watched.shadow, model=watched.model.name, note=note
    )


def exposed(
    database: str,
    endpoint: str,
    watched: Watched,
    window: Window,
    columns: str = "inputs, scores",
) -> str:
    """The query of the exposures of a variant in a window that have their vector."""
    start, end = window.bounds
    artefacts = ",".join(each.sha256 for each in watched.model.artefacts)
    conditions = (
        f"endpoint = {literal(endpoint)}",
        f"variant = {literal(watched.variant)}",
        f"shadow = {int(watched.shadow)}",
        f"artefact_sha256 = {literal(artefacts)}",
        f"answered_at >= {literal(start)}",
        f"answered_at < {literal(end)}",
        "inputs IS NOT NULL",
    )
    return (
        f"SELECT {columns} FROM {table_name(database, TABLE)} "  # noqa: S608 - quoted
        f"WHERE {' AND '.join(conditions)}"
    )


def _split(found: ExperimentReport | None, window: Window) -> Iterator[Violation]:
    p_value = None if found is None else found.split.p_value
    limit = _ALARM / _HOURS if window.cadence is Cadence.HOURLY else _ALARM
    if found is None or p_value is None or p_value >= limit:
        return
    told = ", ".join(
        f"{each.name} {each.units} of {each.expected:.0f}"
        for each in found.variants
        if not each.shadow
    )
    text = f"units are not split by the weights (expected and found: {told}); p = {p_value:.2g}"
    yield Violation("units", Check.SPLIT, text, p_value, limit)


def _split_found(found: ExperimentReport | None) -> SplitFound | None:
    if found is None:
        return None
    counts = {each.name: each.units for each in found.variants if not each.shadow}
    expected = {each.name: each.expected for each in found.variants if not each.shadow}
    return SplitFound(counts, expected, found.split.p_value)


def _note(current: Statistics, found: Judgement) -> str:
    if found.unjudged:
        return f"{current.rows} exposures: too few to judge {len(found.unjudged)} columns"
    return ""
