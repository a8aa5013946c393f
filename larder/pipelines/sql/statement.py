"""A pipeline's rows for an interval, as one statement in Athena's dialect: the one generator.

It has two shapes that give the same rows. FRAME computes each window by a frame over a key's
points. DELTA lets each event enter at t and leave at t + w. Then one running sum per key gives
every window. DuckDB is quickest with frames. On Athena and Spark a frame costs as many steps as it
has events, and DELTA never more than rows.

All arithmetic is on whole numbers, so that no engine rounds, adds up or divides in another way.
The statement's columns are the identifier, the event time in microseconds, and the features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from larder.pipelines.definition import Pipeline
from larder.pipelines.sql import outputs, points, source
from larder.pipelines.sql.bounds import MARKERS, Bounds, Span, bounds_of
from larder.pipelines.sql.inputs import LINE, Inputs


class Shape(StrEnum):
    """How windows are computed."""

    FRAME = "frame"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Interval:
    """Points T with ``after`` < T <= ``until``, in microseconds.

    Rows are the same whatever intervals they are computed in.
    """

    after: int
    until: int


def statement(
    pipeline: Pipeline,
    interval: Interval,
    shape: Shape,
    table: str | None = None,
    keys: Sequence[source.Key] | None = None,
) -> str:
    """The SELECT of an interval's rows; ``table`` is read in place of the definition's source.

    With ``keys`` it is of these identifiers alone, whose rows are the same as without.

    The session's zone is to be UTC, as Athena's is: timestamps with zone compare by it.

    Raises:
        ValidationError: ``table`` is needed to say what is read.
    """
    bounds = bounds_of(pipeline.source, span_of(pipeline, interval))
    return _written(pipeline, bounds, shape, source.relation_of(pipeline.source, table), keys)


def marked_statement(pipeline: Pipeline, shape: Shape) -> str:
    """The same with markers in place of an interval, which ``filled`` gives it."""
    return _written(pipeline, MARKERS, shape, source.relation_of(pipeline.source))


def _written(
    pipeline: Pipeline,
    bounds: Bounds,
    shape: Shape,
    relation: str,
    keys: Sequence[source.Key] | None = None,
) -> str:
    inputs = Inputs(pipeline)
    chain = points.Chain(pipeline, inputs, is_delta=shape is Shape.DELTA)
    parts = [
        f"events_read AS ({source.rows(pipeline, inputs, relation, bounds, keys)})",
        *chain.parts(),
        *outputs.sequences(pipeline, inputs),
    ]
    ctes = ",\n".join(parts)
    return f"WITH {ctes}\n{_selected(pipeline, inputs, bounds)}"


def inputs_statement(pipeline: Pipeline, table: str | None = None) -> str:
    """A SELECT of all events as the pipeline reads them; its types are those of the inputs."""
    relation = source.relation_of(pipeline.source, table)
    return source.rows(pipeline, Inputs(pipeline), relation, None)


def newest_statement(pipeline: Pipeline, interval: Interval, back: int) -> str:
    """A SELECT of the newest event, ``newest``, of an interval and ``back`` before its end."""
    bounds = bounds_of(pipeline.source, newest_span(interval, back))
    return source.newest(pipeline, source.relation_of(pipeline.source), bounds)


def marked_newest_statement(pipeline: Pipeline) -> str:
    """The same with markers in place of an interval, which ``filled`` gives it."""
    return source.newest(pipeline, source.relation_of(pipeline.source), MARKERS)


def span_of(pipeline: Pipeline, interval: Interval) -> Span:
    """What the rows of an interval need.

    A bucket that leaves within the interval may have begun before it, so whole hops are read.
    """
    after, hop = interval.after, pipeline.hop
    first = (after // hop * hop if hop else after) - pipeline.longest_window
    return Span(after, interval.until, first)


def newest_span(interval: Interval, back: int) -> Span:
    """What is looked through for the newest event."""
    first = min(interval.after, interval.until - back)
    return Span(first, interval.until, first)


def _selected(pipeline: Pipeline, inputs: Inputs, bounds: Bounds) -> str:
    columns = LINE.join(outputs.columns(pipeline, inputs))
    joins = "".join(f"\n{join}" for join in outputs.joins(inputs))
    kept = list(_kept(pipeline, bounds))
    return f"SELECT\n  {columns}\nFROM running AS r{joins}\nWHERE {' AND '.join(kept)}"


def _kept(pipeline: Pipeline, bounds: Bounds) -> Iterator[str]:
    yield f"r.p > {bounds.after}"
    yield f"r.p <= {bounds.until}"
    if not pipeline.hop:
        yield "r.entry = 1"
