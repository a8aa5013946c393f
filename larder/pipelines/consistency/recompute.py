"""A pipeline's own statement, for some identifiers and one point of each."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Mapping

from larder.as_of.text import name, value_literal
from larder.pipelines.definition import Pipeline
from larder.pipelines.sql.source import Key
from larder.pipelines.sql.statement import Interval, Shape, statement


def rows_at(
    pipeline: Pipeline, points: Mapping[Key, int], shape: Shape, table: str | None = None
) -> str:
    """A query of the rows at these points, from the source as it is now; there may be none.

    ``points`` are instants T by identifier, in microseconds, and there is at least one.
    """
    key, at = name(pipeline.identifier), name(pipeline.event_time)
    interval = Interval(min(points.values()) - 1, max(points.values()))
    computed = statement(pipeline, interval, shape, table, list(points))
    asked = ", ".join(
        f"({value_literal(each)}, {value_literal(point + pipeline.available_after)})"
        for each, point in points.items()
    )
    return (
        f"SELECT computed.* FROM (\n{computed}\n) AS computed\n"
        f"JOIN (VALUES {asked}) AS asked(k, at)\n"
        f"ON computed.{key} = asked.k AND computed.{at} = asked.at"
    )
