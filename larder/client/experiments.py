"""Experiments on endpoints from Python: what their variants' units met, and what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from larder.client.instants import micros_of
from larder.event_time import iso_millis
from larder.models.experiment_sql import Window
from larder.models.report_experiment import ExperimentReport, Labels, LabelTable, report
from larder.wiring.experiments import Experiments, labels_of_file

_TABLE = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)?")


@dataclass(frozen=True, slots=True)
class ExperimentsClient:
    """A platform's experiments."""

    experiments: Experiments

    def report(
        self,
        endpoint: str,
        *,
        since: str = "",
        until: str = "",
        labels: str | Path | Mapping[str, float] | None = None,
        control: str = "",
    ) -> ExperimentReport:
        """The report of an endpoint's exposures from ``since`` until before ``until``.

        Both are ISO-8601 instants, or dates of UTC. ``labels`` has a label for each inference id: a
        mapping, a file, or a table (``table`` or ``database.table``), with columns ``inference_id``
        and ``label``. ``control`` names the variant that others are compared with.

        Raises:
            ResourceNotFound: there is no exposure in that time.
            ValidationError: an instant, the labels or the control can't be taken.
        """
        window = Window(
            self.experiments.database, endpoint, _instant(since, "since"), _instant(until, "until")
        )
        given = self._labels(labels) if labels is not None else None
        return report(self.experiments.queries, window, given, control)

    def _labels(self, labels: str | Path | Mapping[str, float]) -> Labels:
        if isinstance(labels, Mapping):
            return labels
        if isinstance(labels, str) and _TABLE.fullmatch(labels) and not Path(labels).exists():
            database, _, table = labels.rpartition(".")
            return LabelTable(database or self.experiments.database, table)
        return labels_of_file(labels)


def _instant(text: str, what: str) -> str:
    """An instant as ``answered_at`` has it."""
    return iso_millis(micros_of(text, what)) if text else ""
