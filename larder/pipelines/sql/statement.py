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
    inputs = Inputs(pipeline)
    relation = source.relation_of(pipeline.source, table)
    bounds = (_first(pipeline, interval.after), interval.until)
    chain = points.Chain(pipeline, inputs, is_delta=shape is Shape.DELTA)
    parts = [
        f"events_read AS ({source.rows(pipeline, inputs, relation, bounds, keys)})",
        *chain.parts(),
        *outputs.sequences(pipeline, inputs),
    ]
    ctes = ",\n".join(parts)
    return f"WITH {ctes}\n{_selected(pipeline, inputs, interval)}"


def inputs_statement(pipeline: Pipeline, table: str | None = None) -> str:
    """A SELECT of all events as the pipeline reads them; its types are those of the inputs."""
    relation = source.relation_of(pipeline.source, table)
    return source.rows(pipeline, Inputs(pipeline), relation, None)


def newest_statement(pipeline: Pipeline, interval: Interval, back: int) -> str:
    """A SELECT of the newest event, ``newest``, of an interval and ``back`` before its end."""
    first = min(interval.after, interval.until - back)
    relation = source.relation_of(pipeline.source)
    return source.newest(pipeline, relation, (first, interval.until))


def _first(pipeline: Pipeline, after: int) -> int:
    """The instant after which events count.

    A bucket that leaves within the interval may have begun before it, so whole hops are read.
    """
    hop = pipeline.hop
    return (after // hop * hop if hop else after) - pipeline.longest_window


def _selected(pipeline: Pipeline, inputs: Inputs, interval: Interval) -> str:
    columns = LINE.join(outputs.columns(pipeline, inputs))
    joins = "".join(f"\n{join}" for join in outputs.joins(inputs))
    kept = list(_kept(pipeline, interval))
    return f"SELECT\n  {columns}\nFROM running AS r{joins}\nWHERE {' AND '.join(kept)}"


def _kept(pipeline: Pipeline, interval: Interval) -> Iterator[str]:
    yield f"r.p > {interval.after}"
    yield f"r.p <= {interval.until}"
    if not pipeline.hop:
        yield "r.entry = 1"
