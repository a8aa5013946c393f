"""Which intervals of a pipeline are to be computed: those that ended, and those that were late for.

A scheduler says only when to look. What is due follows from the instant until which rows are
published, whatever ticks were missed, late or doubled. All bounds are multiples of the pipeline's
grid: its hop, or a minute where rows are written at events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import DAY, MINUTE, SECOND
from larder.pipelines.sql.statement import Interval

LONGEST_RUN_ID = 80
"""AWS Step Functions, StartExecution: the longest name of an execution."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LateEvents:
    """What events mean that came after their interval was published.

    ``again`` are the intervals whose rows they change, merged and in order. ``dropped`` events are
    older than ``late.accept`` and change nothing.
    """

    again: tuple[Interval, ...]
    dropped: int


def grid_of(pipeline: Pipeline) -> int:
    """What all bounds of the pipeline's intervals are multiples of."""
    return pipeline.hop or MINUTE


def start_of(pipeline: Pipeline) -> int:
    """The instant after which rows are computed, in UTC; without a start it is the epoch."""
    return 0 if pipeline.start is None else (pipeline.start - _EPOCH.date()).days * DAY


def ended(
    pipeline: Pipeline, published_until: int | None, now: int, watermark: int | None = None
) -> Interval | None:
    """The interval that follows what is published, up to the last bound that has waited enough.

    ``watermark`` is the instant before which all of a group's writes are in its history. Nothing
    after it is due, however late it is. ``None`` for ``published_until`` means that nothing is.
    """
    seen = now if watermark is None else min(now, watermark)
    until = _down(seen - pipeline.late.wait, grid_of(pipeline))
    after = start_of(pipeline) if published_until is None else published_until
    return Interval(after, until) if until > after else None


def chunks(interval: Interval, length: int) -> Iterator[Interval]:
    """The interval cut at multiples of a length, the oldest first.

    Bounds do not depend on where the interval begins. So a part that is asked for again has the
    bounds that it had.
    """
    after = interval.after
    while after < interval.until:
        until = min(_down(after, length) + length, interval.until)
        yield Interval(after, until)
        after = until


def late_events(
    pipeline: Pipeline, instants: Iterable[int], published_until: int, now: int
) -> LateEvents:
    """What events at these instants change of the rows that are published.

    An event is in the rows from its own point until it has left the longest window. Events after
    ``published_until`` are not late.
    """
    grid, dropped = grid_of(pipeline), 0
    touched: list[Interval] = []
    for instant in instants:
        if instant > published_until:
            continue
        if instant <= now - pipeline.late.accept:
            dropped += 1
            continue
        last = instant + pipeline.longest_window + pipeline.hop
        until = min(_down(last, grid) + grid, published_until)
        touched.append(Interval(_down(instant - 1, grid), until))
    return LateEvents(tuple(_merged(touched)), dropped)


def run_id(pipeline: Pipeline, interval: Interval, number: int) -> str:
    """The name of the interval's computation of that number; one word to search all logs by.

    It is the execution's name and the prefix of its files. A long group name is cut, and then told
    apart by a hash of it.
    """
    bounds = f"{_stamp(interval.after)}-{_stamp(interval.until)}"
    tail = f"-r{pipeline.revision}-{bounds}-{number}"
    group, room = pipeline.group, LONGEST_RUN_ID - len(tail)
    if len(group) > room:
        digest = hashlib.sha256(group.encode()).hexdigest()[:8]
        group = f"{group[: room - 9]}-{digest}"
    return f"{group}{tail}"


def _merged(intervals: Iterable[Interval]) -> Iterator[Interval]:
    last: Interval | None = None
    for each in sorted(intervals, key=lambda interval: interval.after):
        if last is None:
            last = each
        elif each.after <= last.until:
            last = Interval(last.after, max(last.until, each.until))
        else:
            yield last
            last = each
    if last is not None:
        yield last


def _down(instant: int, unit: int) -> int:
    """The greatest multiple of a unit that is not after an instant."""
    return instant // unit * unit


def _stamp(instant: int) -> str:
    moment = _EPOCH + timedelta(seconds=instant // SECOND)
    return moment.strftime("%Y%m%dT%H%MZ")
