"""The third question: were rows written by their event time?

A run that a person asked for computes the past, so its rows are late by nature. What tells it from
a look is when the interval's first point was published. A look comes within two steps of the
schedule, ``late.wait``, and an hour for the run itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from larder.event_time import NANOS, EventTimeType, event_time_nanos, nanos_to_iso
from larder.pipelines.consistency.history_and_source import Intervals
from larder.pipelines.consistency.ports import Rows
from larder.pipelines.consistency.report import IntervalTimes, Timeliness
from larder.pipelines.consistency.sides import event_key, sortable_nanos
from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import DAY, HOUR, SECOND
from larder.pipelines.runs.due import unit
from larder.pipelines.runs.items import IntervalItem, State

LOOKS_BACK = 7 * DAY
"""How far back rows are looked at."""
RUN_TIME = HOUR
"""What a run may take before it is held for one of the past."""
_SHOWN = 24


def timeliness(pipeline: Pipeline, rows: Rows, intervals: Intervals) -> Timeliness:
    """When the rows of ``written_query`` were written, by interval; the newest 24 are shown."""
    lags: dict[IntervalItem, list[float]] = {}
    for row in rows:
        event = _event_nanos(row["e"])
        item = intervals.at(event // 1000 - pipeline.available_after)
        if item is not None and was_looked_for(pipeline, item):
            lags.setdefault(item, []).append((sortable_nanos(row["w"]) - event) / NANOS)
    every = sorted(lag for found in lags.values() for lag in found)
    newest = sorted(lags, key=lambda each: each.interval.until, reverse=True)[:_SHOWN]
    return Timeliness(
        len(every),
        _late(every),
        percentile(every, 50),
        percentile(every, 99),
        tuple(_of_interval(each, sorted(lags[each])) for each in newest),
    )


def was_looked_for(pipeline: Pipeline, item: IntervalItem) -> bool:
    """Whether a look of the schedule computed an interval, and not a person later on."""
    schedule = pipeline.schedule
    look = schedule.every if schedule.every is not None else DAY if schedule.cron else None
    if look is None or item.state is not State.PUBLISHED:
        return False
    first = item.interval.after + unit(pipeline)
    return item.changed - first <= pipeline.late.wait + 2 * look + RUN_TIME


def percentile(ordered: list[float], percent: int) -> float | None:
    """The value at a rank, the nearest above; ``None`` of no values."""
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def _of_interval(item: IntervalItem, ordered: list[float]) -> IntervalTimes:
    middle, high = percentile(ordered, 50), percentile(ordered, 99)
    until = nanos_to_iso(item.interval.until // SECOND * NANOS)
    return IntervalTimes(until, len(ordered), _late(ordered), middle or 0.0, high or 0.0)


def _late(lags: Iterable[float]) -> int:
    return sum(lag > 0 for lag in lags)


def _event_nanos(value: str | float) -> int:
    """An event time as ``larder.as_of.history`` orders by it."""
    if isinstance(value, str):
        return sortable_nanos(value)
    kind = EventTimeType.FRACTIONAL
    return event_time_nanos(event_key(value, kind), kind)
