"""A pipeline's rows on this machine, by DuckDB over tables in memory."""

# ruff: noqa: S608 - names are quoted
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from larder.as_of.text import name
from larder.errors import ValidationError
from larder.pipelines.definition import Pipeline
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.rules import unknown_columns
from larder.pipelines.sql.inputs import Inputs
from larder.pipelines.sql.statement import Interval, inputs_statement, statement
from larder.pipelines.types import ValueKind, type_problems
from larder.problems import Problem

Arrow = Any  # pyarrow is untyped
EVENTS = "memory.main.larder_events"
"""The table of events that are given as they are, in place of the definition's source."""
_KINDS = {
    "VARCHAR": ValueKind.TEXT,
    "BOOLEAN": ValueKind.TRUTH,
    "DOUBLE": ValueKind.FRACTION,
    "FLOAT": ValueKind.FRACTION,
    '"NULL"': ValueKind.NOTHING,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), ValueKind.WHOLE),
}


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest row of each identifier at an instant, and how many events it is not made of.

    ``without`` are events without an identifier or an instant.
    """

    rows: list[dict[str, Any]]
    events: int
    without: int


def newest_rows(pipeline: Pipeline, tables: Mapping[str, Arrow], until: int) -> Newest:
    """The newest row of each identifier whose point is not after ``until``, by identifier.

    ``tables`` are those of the source by name, or ``EVENTS`` alone.

    Raises:
        ValidationError: the source lacks a column, an expression is of another type than its
            feature, or a sum does not fit.
    """
    table = EVENTS if EVENTS in tables else None
    with duckdb.connect() as database, _in_words():
        database.execute("SET TimeZone = 'UTC'")
        for each, rows in tables.items():
            _create(database, each, rows)
        read = translated(inputs_statement(pipeline, table), Dialect.DUCKDB)
        _refuse(pipeline, _missing(database, pipeline, table))
        if not any(map(len, tables.values())):  # columns without a value have no type
            return Newest([], 0, 0)
        _refuse(pipeline, type_problems(pipeline, _kinds(database, pipeline, read)))
        counts = "COUNT(*), COUNT(CASE WHEN k IS NOT NULL THEN t END), MIN(t)"
        found = database.execute(f"SELECT {counts} FROM ({read})").fetchone()
        count, timed, first = found or (0, 0, None)
        if first is None:
            return Newest([], count, count - timed)
        newest = _newest(pipeline, Interval(first - 1, max(until, first - 1)), table)
        rows = database.execute(newest).to_arrow_table().to_pylist()
        return Newest(rows, count, count - timed)


def _newest(pipeline: Pipeline, interval: Interval, table: str | None) -> str:
    text = translated(statement(pipeline, interval, Dialect.DUCKDB.shape, table), Dialect.DUCKDB)
    key, at = name(pipeline.identifier), name(pipeline.event_time)
    return (
        f"SELECT * FROM ({text}) QUALIFY ROW_NUMBER() OVER "
        f"(PARTITION BY {key} ORDER BY {at} DESC) = 1 ORDER BY {key}"
    )


def _create(database: Any, table: str, rows: Arrow) -> None:  # noqa: ANN401 - duckdb is untyped
    parts = table.split(".")
    if len(parts) == 2:
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {name(parts[0])}")
    database.register("given_rows", rows)
    quoted = ".".join(map(name, parts))
    database.execute(f"CREATE TABLE {quoted} AS SELECT * FROM given_rows")
    database.unregister("given_rows")


def _missing(database: Any, pipeline: Pipeline, table: str | None) -> Iterator[Problem]:  # noqa: ANN401
    """What the definition reads that the source lacks."""
    source = table or pipeline.source.table
    if source is not None:
        relation = ".".join(map(name, source.split(".")))
        columns = database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        yield from unknown_columns(pipeline, frozenset(each[0].lower() for each in columns))


def _kinds(database: Any, pipeline: Pipeline, read: str) -> dict[str, ValueKind]:  # noqa: ANN401
    described = database.execute(f"DESCRIBE {read}").fetchall()
    types = {column: kind for column, kind, *_ in described}
    return {column: _kind(types[column]) for column in Inputs(pipeline).columns.values()}


def _kind(of: str) -> ValueKind:
    if of.startswith("DECIMAL"):
        return ValueKind.WHOLE if of.endswith(",0)") else ValueKind.FRACTION
    return _KINDS.get(of, ValueKind.OTHER)


def _refuse(pipeline: Pipeline, problems: Iterator[Problem]) -> None:
    found = [_told(pipeline, problem) for problem in problems]
    if found:
        raise ValidationError("; ".join(dict.fromkeys(found)))


def _told(pipeline: Pipeline, problem: Problem) -> str:
    """A problem with its member as the definition file names it."""
    path = [str(step) for step in problem.path]
    if path[0] == "features":
        names = [each.name for each in pipeline.features if str(each.place) == path[1]]
        path[:2] = [names[0]] if names else path[:2]
    value = "" if problem.value is None else f" (it is {problem.value})"
    return f"{'.'.join(path)}: {problem.text}{value}"


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
        raise ValidationError(
            f"a value does not fit: {error}. Sums are kept in 19 digits: give the feature a "
            "smaller `scale`, or leave the value out by `where`"
        ) from error
    except duckdb.Error as error:
        raise ValidationError(f"the definition's SQL can't be computed: {error}") from error
