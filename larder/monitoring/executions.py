"""Executions of schedules: the runs that were kept of them, page by page.

A page reads what it shows. Runs are ordered by their windows, and their folders have those names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from larder.groups.listing import SEPARATOR, Ask, Page, take
from larder.monitoring.kept_runs import KeptRuns
from larder.monitoring.run_documents import RunReport
from larder.monitoring.schedule import MonitoringSchedule
from larder.monitoring.window import Cadence, bounds_of


class ExecutionStatus(StrEnum):
    """What became of a run: SageMaker's names."""

    COMPLETED = "Completed"
    VIOLATED = "CompletedWithViolations"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Execution:
    """A run of a schedule. ``due`` is the end of its window, in microseconds since the epoch."""

    schedule: MonitoringSchedule
    run: RunReport
    due: int

    @property
    def failure(self) -> str:
        """Why nothing was judged; empty where something was, or where there were no exposures."""
        if self.run.failure or not self.run.variants or not self.run.exposures:
            return self.run.failure
        judged = any(each.statistics is not None for each in self.run.variants)
        notes = dict.fromkeys(f"{each.variant}: {each.note}" for each in self.run.variants)
        return "" if judged else "; ".join(notes)

    @property
    def status(self) -> ExecutionStatus:
        """What became of it."""
        if self.failure:
            return ExecutionStatus.FAILED
        violated = bool(self.run.violations)
        return ExecutionStatus.VIOLATED if violated else ExecutionStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class Executions:
    """The executions of schedules."""

    runs: KeptRuns

    def last(self, schedule: MonitoringSchedule) -> Execution | None:
        """The execution of the newest window; ``None`` before the first."""
        placed = sorted(self._places(schedule), reverse=True)
        found = (self._read(schedule, name) for name in placed)
        return next((each for each in found if each is not None), None)

    def page(
        self,
        schedules: Iterable[MonitoringSchedule],
        ask: Ask,
        admits: Callable[[Execution], bool],
    ) -> Page[Execution]:
        """A page of the executions of some schedules, by their windows.

        Raises:
            ValidationError: the token is not one of this order.
        """
        position, descending = ask.position(), ask.order.descending
        after = position.after
        placed = [
            (f"{name}{SEPARATOR}{each.name.lower()}", name, each)
            for each in schedules
            for name in self._places(each)
        ]
        placed.sort(key=lambda each: each[0], reverse=descending)
        rest = (
            (place, found)
            for place, name, each in placed
            if after is None or (place < after if descending else place > after)
            if (found := self._read(each, name)) is not None
        )
        return take(rest, admits, ask, position)

    def _places(self, schedule: MonitoringSchedule) -> Iterator[str]:
        """Names of windows that may be the schedule's: they ended after it was made."""
        cadence = schedule.timing.cadence
        for name in self.runs.names(schedule.endpoint, cadence, failed=True):
            ended = bounds_of(name, cadence)[1]
            if cadence is Cadence.ASKED or ended > schedule.created:
                yield name

    def _read(self, schedule: MonitoringSchedule, name: str) -> Execution | None:
        cadence = schedule.timing.cadence
        run = self.runs.of(schedule.endpoint, cadence, name)
        if run is None or run.schedule.lower() != schedule.name.lower():
            return None
        return Execution(schedule, run, bounds_of(name, cadence)[1])
