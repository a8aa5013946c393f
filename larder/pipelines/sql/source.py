"""The events of a source as rows of ``k`` (identifier), ``t`` (instant), order and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from larder.as_of.text import name, sql_type, value_literal
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureDefinition
from larder.pipelines.definition import Pipeline, Source, TimeUnit
from larder.pipelines.sql.bounds import UNITS, Bounds
from larder.pipelines.sql.inputs import LINE, Inputs

_SECOND = "____-__-__T__:__:__"


def relation_of(source: Source, table: str | None = None) -> str:
    """What to select events from: ``table`` where it is given, else what the definition names.

    Raises:
        ValidationError: the source is a group or files, whose table the definition does not name.
    """
    if source.sql is not None and table is None:
        return f"({source.sql}) AS source"
    named = table or source.table
    if named is None:
        kind = "group" if source.group is not None else "files"
        raise ValidationError(
            f"source.{kind} is a table only on a platform: name the table to read"
        )
    return ".".join(name(part) for part in named.split("."))


Key = str | int | float
"""An identifier in the type of its feature."""


def rows(
    pipeline: Pipeline,
    inputs: Inputs,
    relation: str,
    bounds: Bounds | None,
    keys: Sequence[Key] | None = None,
) -> str:
    """A SELECT of events whose instant lies within the bounds, of all ``keys`` or of some.

    Without bounds it is of all events, those without identifier or instant among them.
    """
    source = pipeline.source
    columns = [
        f"{_identifier(pipeline)} AS k",
        f"{instant(source)} AS t",
        *(f"{name(column)} AS o{place}" for place, column in enumerate(source.order)),
        *([f"{name(source.version)} AS version"] if source.version else []),
        *(f"{text} AS {column}" for text, column in inputs.columns.items()),
    ]
    return f"SELECT\n  {LINE.join(columns)}\nFROM {relation}{_where(pipeline, bounds, keys)}"


def newest(pipeline: Pipeline, relation: str, bounds: Bounds) -> str:
    """A SELECT of the instant of the newest event within the bounds, as ``newest``."""
    found = f"MAX({instant(pipeline.source)})"
    return f"SELECT\n  {found} AS newest\nFROM {relation}{_where(pipeline, bounds)}"


def _identifier(pipeline: Pipeline) -> str:
    key = FeatureDefinition(pipeline.identifier, pipeline.identifier_type)
    return f"CAST({name(pipeline.identifier)} AS {sql_type(key)})"


def _where(pipeline: Pipeline, bounds: Bounds | None, keys: Sequence[Key] | None = None) -> str:
    source = pipeline.source
    conditions = [f"({source.where})"] if source.where else []
    if bounds is not None:
        conditions += [f"{name(pipeline.identifier)} IS NOT NULL", *_within(source, bounds)]
    if keys is not None:
        listed = ", ".join(map(value_literal, keys)) or "NULL"
        conditions.append(f"{_identifier(pipeline)} IN ({listed})")
    kept = "\n  AND ".join(conditions)
    return f"\nWHERE {kept}" if kept else ""


def instant(source: Source) -> str:
    """An event's instant as microseconds since the epoch, of type BIGINT.

    A text that does not end in Z names no instant, so that its conversion fails on every engine.
    """
    column = name(source.time)
    match source.unit:
        case TimeUnit.TIMESTAMP:
            return _micros(column)
        case TimeUnit.ISO8601:
            whole = _micros(f"CAST(REPLACE(SUBSTR({column}, 1, 19), 'T', ' ') AS TIMESTAMP)")
            fraction = f"RPAD(REPLACE(SUBSTR({column}, 21), 'Z', ''), 6, '0')"
            refused = f"CAST({column} || ' is not ISO-8601 in UTC with Z' AS BIGINT)"
            form = f"{column} LIKE '{_SECOND}Z' OR {column} LIKE '{_SECOND}._%Z'"
            return (
                f"CASE WHEN {form} THEN {whole} + CAST({fraction} AS BIGINT) "
                f"WHEN {column} IS NOT NULL THEN {refused} END"
            )
        case unit:
            return f"CAST(ROUND({column} * CAST({UNITS[unit]} AS BIGINT)) AS BIGINT)"


def _micros(column: str) -> str:
    """Seconds are a double here: it is exact to a microsecond until the year 2255."""
    return f"CAST(ROUND(TO_UNIXTIME({column}) * 1E6) AS BIGINT)"


def _within(source: Source, bounds: Bounds) -> Iterator[str]:
    """The bounds, and what of them the table's own column can be compared with."""
    if source.unit is TimeUnit.TIMESTAMP or source.unit in UNITS:
        yield f"{name(source.time)} >= {bounds.column_from}"
        yield f"{name(source.time)} <= {bounds.column_until}"
    yield f"{instant(source)} > {bounds.events_after}"
    yield f"{instant(source)} <= {bounds.until}"
