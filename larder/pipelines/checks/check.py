"""The use case: an interval's staged rows measured, judged, and reported on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from larder.pipelines.checks.expectation import COMPARED, Expectation, Kind
from larder.pipelines.checks.judge import Counts, Finding, Measured, Measures, Result, judge
from larder.pipelines.checks.report import Report, from_json, to_json
from larder.pipelines.checks.statement import (
    MOST_NAMED,
    NEWEST,
    measures_statement,
    named_statement,
)
from larder.pipelines.durations import DAY
from larder.pipelines.runs.items import IntervalItem, State
from larder.pipelines.runs.ledger import Ledger
from larder.pipelines.runs.ports import Reports, StagedRows

_LOOKS_BACK = 4
"""Earlier runs are looked for this many times as far back as they would lie without a gap."""
_LEAST_BACK = 31 * DAY


class Checked(Protocol):
    """What runs are of: a pipeline, or a prediction."""

    @property
    def identifier(self) -> str:
        """The column of staged rows that names a record."""

    @property
    def expect(self) -> Sequence[Expectation]:
        """What the rows must be like."""


@dataclass(frozen=True, slots=True)
class RunFolders:
    """Where a run's rows and the newest event lie, and where its report goes."""

    rows: str
    newest: str
    report: str


@dataclass(frozen=True, slots=True)
class Checks:
    """Checks the rows of a run. It changes nothing but the report, so it may be repeated.

    ``least_back`` is how far back earlier runs are looked for at least, in microseconds.
    """

    ledger: Ledger
    staged: StagedRows
    reports: Reports
    least_back: int = _LEAST_BACK

    def check(self, pipeline: Checked, item: IntervalItem, folders: RunFolders) -> Report:
        """The report, which is written too.

        Raises:
            StoreUnavailable: as stores do.
        """
        report = self.judged(pipeline, item, folders)
        self.reports.write(folders.report, to_json(report))
        return report

    def judged(self, pipeline: Checked, item: IntervalItem, folders: RunFolders) -> Report:
        """The report, which is not written."""
        measures = self._measures(pipeline, item, folders)
        findings = [judge(each, place, measures) for place, each in enumerate(pipeline.expect)]
        named = [
            self._named(pipeline, expected, finding, folders.rows)
            for expected, finding in zip(pipeline.expect, findings, strict=True)
        ]
        counts = (measures.rows, measures.keys)
        return Report(item.run_id, folders.report, *counts, findings=tuple(named))

    def report(self, address: str) -> Report | None:
        """The report of a run; ``None`` where it came to none."""
        body = self.reports.read(address)
        return None if body is None else from_json(body)

    def _measures(self, pipeline: Checked, item: IntervalItem, folders: RunFolders) -> Measures:
        rows = self.staged.count(folders.rows)
        of_checks: Measured = {}
        if rows:
            asked = measures_statement(pipeline.identifier, pipeline.expect)
            (of_checks,) = self.staged.select(folders.rows, asked)
        return Measures(
            interval=item.interval,
            rows=rows,
            keys=int(of_checks.get("k") or 0),
            newest=self._newest(pipeline, folders.newest),
            earlier=self._earlier(pipeline.expect, item),
            of_checks=of_checks,
        )

    def _newest(self, pipeline: Checked, folder: str) -> int | None:
        if not any(each.kind is Kind.FRESHNESS for each in pipeline.expect):
            return None
        if not self.staged.count(folder):
            return None
        (found,) = self.staged.select(folder, NEWEST)
        return None if found["newest"] is None else int(found["newest"])

    def _earlier(self, expected: Sequence[Expectation], item: IntervalItem) -> list[Counts]:
        """The last published runs of the same length before this interval, newest first."""
        most = max((each.runs for each in expected if each.kind in COMPARED), default=0)
        if not most:
            return []
        length = item.interval.until - item.interval.after
        first = item.interval.after - max(self.least_back, _LOOKS_BACK * most * length)
        found = [
            Counts(each.rows, each.keys)
            for each in self.ledger.intervals(item.pipeline, item.revision, first)
            if each.state is State.PUBLISHED
            and each.rows is not None
            and each.interval.until <= item.interval.after
            and each.interval.until - each.interval.after == length
        ]
        return found[-most:][::-1]

    def _named(
        self, pipeline: Checked, expected: Expectation, finding: Finding, folder: str
    ) -> Finding:
        """The finding with record identifiers of the rows that fail."""
        if finding.result not in (Result.FAILED, Result.WARNED):
            return finding
        asked = named_statement(pipeline.identifier, expected)
        if asked is None:
            return finding
        found = self.staged.select(folder, asked)
        return replace(finding, keys=tuple(str(each["k"]) for each in found[:MOST_NAMED]))
