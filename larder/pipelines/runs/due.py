"""Which intervals of a pipeline are due: arithmetic on what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from larder.errors import ValidationError
from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import DAY, HOUR, text_of
from larder.pipelines.runs.items import MOST_ATTEMPTS, IntervalItem, State, stamp
from larder.pipelines.sql.statement import Interval

MOST_CHUNKS = 200
"""Intervals of one execution: their list fits into what a state may hand on."""
MOST_CHUNK = 31 * DAY
"""The longest interval. So it is known how far back one may lie over an instant."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def unit(pipeline: Pipeline) -> int:
    """The step of which all bounds are multiples: the hop, or else how often one looks."""
    return pipeline.hop or pipeline.schedule.every or HOUR


def start(pipeline: Pipeline) -> int:
    """The instant after which the first interval begins."""
    if pipeline.start is None:
        return 0
    day = (pipeline.start.toordinal() - _EPOCH_DAY) * DAY
    return day // unit(pipeline) * unit(pipeline)


def ready_until(pipeline: Pipeline, now: int) -> int:
    """The last bound whose events have had ``late.wait`` to arrive."""
    return (now - pipeline.late.wait) // unit(pipeline) * unit(pipeline)


def frontier(after: int, items: Iterable[IntervalItem]) -> int:
    """How far everything is published without a gap; ``items`` are sorted by their beginning."""
    for item in items:
        if item.interval.after > after:
            break
        if item.state is State.PUBLISHED:
            after = max(after, item.interval.until)
    return after


def due(
    within: Interval, items: Sequence[IntervalItem], now: int, chunk: int
) -> Iterator[Interval]:
    """What is to be computed within bounds, oldest first.

    That is what no item covers, cut at multiples of ``chunk``, and what late events made due again.
    A failed interval is tried ``MOST_ATTEMPTS`` times. One whose owner's lease has run out is taken
    over. What others have published since is left alone.
    """
    published = [each.interval for each in items if each.state is State.PUBLISHED]
    again = [
        each.interval
        for each in items
        if each.state is State.DUE
        or (_is_tried_again(each, now) and any(_gaps(each.interval, published)))
    ]
    fresh = missing(within, (each.interval for each in items), chunk)
    yield from sorted([*again, *fresh], key=lambda each: (each.after, each.until))


def _is_tried_again(item: IntervalItem, now: int) -> bool:
    if item.state is State.FAILED:
        return item.failures < MOST_ATTEMPTS
    return item.state is State.RUNNING and item.lease_until < now


def missing(within: Interval, covered: Iterable[Interval], chunk: int) -> Iterator[Interval]:
    """What is not covered within bounds, cut at multiples of ``chunk``."""
    for gap in _gaps(within, covered):
        yield from cut(gap, chunk)


def cut(interval: Interval, chunk: int) -> Iterator[Interval]:
    """The interval in parts that end at multiples of ``chunk``."""
    after = interval.after
    while after < interval.until:
        until = min(interval.until, (after // chunk + 1) * chunk)
        yield Interval(after, until)
        after = until


def check_bounds(pipeline: Pipeline, interval: Interval, now: int) -> None:
    """Refuse bounds that a person asks for and that no interval can have.

    Raises:
        ValidationError: they are the wrong way round, or no multiples of the unit. Or they are
            before the pipeline's start, or later than events are complete.
    """
    step, first, last = unit(pipeline), start(pipeline), ready_until(pipeline, now)
    if interval.after >= interval.until:
        raise ValidationError(f"from: {stamp(interval.after)} must be before {_to(interval)}")
    for member, value in (("from", interval.after), ("to", interval.until)):
        if value % step:
            raise ValidationError(
                f"{member}: {stamp(value)} must be a multiple of {text_of(step)} since the epoch, "
                f"the step of {pipeline.group}"
            )
    if interval.after < first:
        raise ValidationError(
            f"from: {stamp(interval.after)} must not be before {stamp(first)}, which is `start` "
            f"of {pipeline.group}"
        )
    if interval.until > last:
        raise ValidationError(
            f"{_to(interval)} must not be after {stamp(last)}: until then all events have come, "
            f"as late.wait is {text_of(pipeline.late.wait)}{_history(pipeline)}"
        )


def check_chunk(pipeline: Pipeline, chunk: int) -> None:
    """Refuse a length of chunks that cuts an interval's steps.

    Raises:
        ValidationError: it is no multiple of the unit, or too long.
    """
    if not 0 < chunk <= MOST_CHUNK or chunk % unit(pipeline):
        raise ValidationError(
            f"chunk: {text_of(chunk)} must be a multiple of {text_of(unit(pipeline))}, the step of "
            f"{pipeline.group}, and at most {text_of(MOST_CHUNK)}"
        )


def _history(pipeline: Pipeline) -> str:
    group = pipeline.source.group
    if group is None:
        return ""
    return f" and the history of {group} is complete no longer than larder offline status says"


def _to(interval: Interval) -> str:
    return f"to: {stamp(interval.until)}"


def _gaps(within: Interval, covered: Iterable[Interval]) -> Iterator[Interval]:
    after = within.after
    for each in sorted(covered, key=lambda each: each.after):
        if each.after > after and after < within.until:
            yield Interval(after, min(each.after, within.until))
        after = max(after, each.until)
    if after < within.until:
        yield Interval(after, within.until)
