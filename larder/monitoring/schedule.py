"""Schedules of monitoring, and the job definitions that say by which baseline they judge.

Times are microseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from larder.models.registry_items import Item, Sent
from larder.monitoring.given import Given
from larder.monitoring.window import Cadence, Window, due

_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition(Item):
    """What a run of data quality is judged by; it never changes, but for its tags.

    Attributes:
        sent: the members that a description shows again.
        endpoint: whose exposures are judged.
        given: the baseline's documents; those not named are the model's own.
        output: the address below which the runs' documents are put too.
    """

    sent: Sent
    endpoint: str
    given: Given
    output: str


class ScheduleState(StrEnum):
    """Whether a schedule's windows are judged: SageMaker's names."""

    SCHEDULED = "Scheduled"
    STOPPED = "Stopped"


@dataclass(frozen=True, slots=True)
class Timing:
    """Which windows a schedule has.

    ``hour`` is when a day begins, in UTC. ``start`` and ``end`` of the one window that is asked for
    are relative to when it was asked for.
    """

    cadence: Cadence
    hour: int = 0
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSchedule(Item):
    """A schedule. Windows that ended before ``since`` are not its own.

    ``sent`` is the configuration that a description shows again. ``definition`` names the job
    definition, and ``endpoint`` is that one's.
    """

    sent: Sent
    definition: str
    endpoint: str
    timing: Timing
    state: ScheduleState = ScheduleState.SCHEDULED
    changed: int = field(default=0)
    since: int = field(default=0)

    @property
    def modified(self) -> int:
        """When it was last changed."""
        return self.changed

    @property
    def status(self) -> str:
        """Whether it goes on."""
        return self.state

    @property
    def is_on(self) -> bool:
        """Whether its windows are judged."""
        return self.state is ScheduleState.SCHEDULED

    def in_state(self, state: ScheduleState, now: int) -> MonitoringSchedule:
        """The same in a state; one that goes on has windows from now on."""
        since = now if state is ScheduleState.SCHEDULED else self.since
        return replace(self, state=state, changed=now, since=since)

    def windows(self, now: int, done: Collection[str]) -> Iterator[Window]:
        """Its windows that are due and not among the names of those done, the oldest first."""
        timing = self.timing
        if timing.cadence is Cadence.ASKED:
            base = self.since // _SECOND * _SECOND
            window = Window(Cadence.ASKED, base + timing.start, base + timing.end)
            return iter(() if window.name in done else (window,))
        found = due(timing.cadence, now, done, timing.hour)
        return (each for each in found if each.end > self.since)
