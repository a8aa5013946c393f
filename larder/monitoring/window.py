"""The windows of time that runs are of, and which of them are due."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from larder.event_time import iso_millis

_SECOND = 1_000_000
_HOUR = 3_600 * _SECOND
_GRACE = 600 * _SECOND
"""After its end a window waits for exposures that are still on their way to the table."""


class Cadence(StrEnum):
    """How long a window is. A window of none was asked for by a person."""

    HOURLY = "hourly"
    DAILY = "daily"
    ASKED = "asked"


_LENGTHS = {Cadence.HOURLY: _HOUR, Cadence.DAILY: 24 * _HOUR}
_LOOK_BACK = {Cadence.HOURLY: 6, Cadence.DAILY: 2}
"""How many windows are made up for after an interruption; older ones are left out."""


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` until before ``end``, in microseconds since the epoch."""

    cadence: Cadence
    start: int
    end: int

    @property
    def name(self) -> str:
        """Its start as text that sorts, and of an asked window its end."""
        start = _compact(self.start)
        return f"{start}-{_compact(self.end)}" if self.cadence is Cadence.ASKED else start

    @property
    def bounds(self) -> tuple[str, str]:
        """Start and end as ``answered_at`` of exposures has them."""
        return iso_millis(self.start), iso_millis(self.end)


def due(cadence: Cadence, now: int, done: Collection[str], hour: int = 0) -> Iterator[Window]:
    """Windows that have ended and are not among the names of those done, the oldest first.

    A day begins at ``hour`` of UTC.
    """
    length = _LENGTHS[cadence]
    shift = hour * _HOUR % length
    last = (now - _GRACE - shift) // length
    for place in range(last - _LOOK_BACK[cadence], last):
        window = Window(cadence, place * length + shift, (place + 1) * length + shift)
        if window.name not in done:
            yield window


def bounds_of(name: str, cadence: Cadence) -> tuple[int, int]:
    """Start and end of the window of that name, in microseconds since the epoch.

    Raises:
        ValueError: it is no window's name.
    """
    start, _, end = name.partition("-")
    begun = _micros(start)
    return begun, _micros(end) if end else begun + _LENGTHS[cadence]


def _micros(text: str) -> int:
    at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return int(at.timestamp()) * _SECOND


def _compact(micros: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return f"{at:%Y%m%dT%H%M%S}Z"
