"""Which windows of an endpoint are judged, and by what: by schedules, or each hour and day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from larder.models.registry import Items
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule
from larder.monitoring.window import Cadence, Window, due

Done = Callable[[Cadence], Collection[str]]
"""Names of an endpoint's windows that have been judged."""
BY_ITSELF = (Cadence.HOURLY, Cadence.DAILY)
"""What every endpoint is judged by that has no schedule of the cadence."""


@dataclass(frozen=True, slots=True)
class Due:
    """A window that is due; ``schedule`` is ``None`` where it is due without one."""

    window: Window
    schedule: MonitoringSchedule | None = None


@dataclass(frozen=True, slots=True)
class Watches:
    """The schedules of a platform and their job definitions."""

    schedules: Items[MonitoringSchedule]
    definitions: Items[JobDefinition]

    def by_endpoint(self) -> Mapping[str, Sequence[MonitoringSchedule]]:
        """The schedules by the endpoint that they are of, in lower case."""
        found = sorted(self.schedules.list(), key=_endpoint)
        return {name: tuple(some) for name, some in groupby(found, key=_endpoint)}


def windows_due(schedules: Sequence[MonitoringSchedule], now: int, done: Done) -> Iterator[Due]:
    """What is due of an endpoint with these schedules.

    A schedule takes the place of what comes without one of its cadence, also where it is stopped.
    """
    for cadence in BY_ITSELF:
        own = [each for each in schedules if each.timing.cadence is cadence]
        if not own:
            yield from (Due(window) for window in due(cadence, now, done(cadence)))
        yield from _of(own, now, done)
    yield from _of([one for one in schedules if one.timing.cadence is Cadence.ASKED], now, done)


def _of(schedules: Sequence[MonitoringSchedule], now: int, done: Done) -> Iterator[Due]:
    for each in schedules:
        if each.is_on:
            found = each.windows(now, done(each.timing.cadence))
            yield from (Due(window, each) for window in found)


def _endpoint(schedule: MonitoringSchedule) -> str:
    return schedule.endpoint.lower()
