"""From sums at points to features: what a statement selects at last."""

# ruff: noqa: S608 - names are quoted, and expressions were parsed when the definition was loaded
from __future__ import annotations

from collections.abc import Iterator

from larder.as_of.text import name, sql_type
from larder.groups.feature_group import FeatureDefinition
from larder.pipelines.definition import Aggregate, ComputedFeature, Function, Pipeline
from larder.pipelines.sql.inputs import EVENTS, Inputs, Part
from larder.pipelines.sql.points import distinct_column


def columns(pipeline: Pipeline, inputs: Inputs) -> Iterator[str]:
    """The identifier, the event time in microseconds, and each feature."""
    yield f"r.k AS {name(pipeline.identifier)}"
    after = f" + {pipeline.available_after}" if pipeline.available_after else ""
    yield f"r.p{after} AS {name(pipeline.event_time)}"
    for feature in pipeline.features:
        yield f"{_value(feature, inputs)} AS {name(feature.name)}"


def sequences(pipeline: Pipeline, inputs: Inputs) -> Iterator[str]:
    """An input's values by their place in a key's order of events, with those before them."""
    order = ", ".join(
        ["t", *(f"o{place} NULLS LAST" for place in range(len(pipeline.source.order)))]
    )
    ordered = f"OVER (PARTITION BY k ORDER BY {order})"
    for column, depth in inputs.last.items():
        values = ", ".join(_before(column, place, ordered) for place in range(depth))
        yield (
            f"last_{column} AS (SELECT k, ROW_NUMBER() {ordered} AS place, {values} "
            f"FROM events WHERE {column} IS NOT NULL)"
        )
    if inputs.latest:
        latest = ", ".join(inputs.latest)
        yield f"latest AS (SELECT k, ROW_NUMBER() {ordered} AS place, {latest} FROM events)"


def joins(inputs: Inputs) -> Iterator[str]:
    """How the values are found: the count so far is the place of the last one."""
    for column in inputs.last:
        table = f"last_{column}"
        yield (f"LEFT JOIN {table} ON {table}.k = r.k AND {table}.place = r.{column}_n_all")
    if inputs.latest:
        yield f"LEFT JOIN latest ON latest.k = r.k AND latest.place = r.{EVENTS}_all"


def _before(column: str, place: int, ordered: str) -> str:
    if place == 0:
        return f"{column} AS v0, t AS t0"
    return f"LAG({column}, {place}) {ordered} AS v{place}, LAG(t, {place}) {ordered} AS t{place}"


def _value(feature: ComputedFeature, inputs: Inputs) -> str:
    aggregate = feature.aggregate
    if aggregate is None:
        return _typed(feature, f"latest.{inputs.column(feature)}")
    window = aggregate.window
    match aggregate.function:
        case Function.DISTINCT:
            column = distinct_column(inputs.column(feature), window)
            return f"CAST(COALESCE(r.{column}, 0) AS BIGINT)"
        case Function.MIN | Function.MAX:
            part = Part.LEAST if aggregate.function is Function.MIN else Part.GREATEST
            return _typed(feature, f"r.{inputs.partial(feature, part).over(window)}")
        case Function.LAST:
            return _typed(feature, _alive(inputs.column(feature), 0, window))
        case Function.LAST_N:
            return _several(feature, inputs.column(feature), aggregate)
        case _:
            return _of_sums(feature, inputs, aggregate)


def _of_sums(feature: ComputedFeature, inputs: Inputs, aggregate: Aggregate) -> str:
    """A value of exact sums; the order of the last operations on doubles is part of its meaning."""
    count, total, squares = (
        f"r.{inputs.partial(feature, part).over(aggregate.window)}"
        for part in (Part.COUNT, Part.SUM, Part.SQUARES)
    )
    unit = _double(str(10**aggregate.scale))
    match aggregate.function:
        case Function.COUNT:
            return f"CAST(COALESCE({count}, 0) AS BIGINT)"
        case Function.STDDEV:
            wide, root = f"CAST({count} AS DECIMAL(38, 0))", f"CAST({total} AS DECIMAL(38, 0))"
            spread = f"{_double(f'{squares} * {wide} - {root} * {root}')}"
            value = f"SQRT({spread} / {_double(count)} / {_double(f'{count} - 1')}) / {unit}"
            return f"CASE WHEN {count} > 1 THEN {value} END"
        case Function.SUM if aggregate.scale == 0:
            return f"CASE WHEN {count} > 0 THEN {_typed(feature, total)} END"
        case Function.SUM:
            return f"CASE WHEN {count} > 0 THEN {_double(total)} / {unit} END"
        case _:
            return f"CASE WHEN {count} > 0 THEN {_double(total)} / {unit} / {_double(count)} END"


def _several(feature: ComputedFeature, column: str, aggregate: Aggregate) -> str:
    values = (
        _element(feature, _alive(column, place, aggregate.window)) for place in range(aggregate.n)
    )
    return f"FILTER(ARRAY[{', '.join(values)}], x -> x IS NOT NULL)"


def _alive(column: str, place: int, window: int) -> str:
    """A value of the input, unless it is older than the window."""
    table = f"last_{column}"
    return f"CASE WHEN {table}.t{place} > r.p - {window} THEN {table}.v{place} END"


def _double(what: str) -> str:
    return f"CAST({what} AS DOUBLE)"


def _typed(feature: ComputedFeature, value: str) -> str:
    return f"CAST({value} AS {sql_type(FeatureDefinition(feature.name, feature.type))})"


def _element(feature: ComputedFeature, value: str) -> str:
    return _typed(feature, value)
