"""Statistics of watched columns as SQL: one row of numbers from one scan of the rows. Pure.

The text runs on Athena and, with three macros, on DuckDB. Histograms are counts of values below
each edge, because plain conditions are what both engines compute fastest. Rows are a relation with
the columns ``inputs`` and ``scores``, which are lists of numbers.
"""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from larder.as_of.text import double
from larder.monitoring.columns import Column
from larder.monitoring.statistics import (
    FEW_VALUES,
    ColumnStatistics,
    Statistics,
    inner_edges,
)

MOST_COLUMNS = 100
"""Columns of one statement. Athena takes 262,144 bytes, and a column has about 1,200."""
_PLAIN = 6
"""Numbers of each column before its histogram."""
_BUCKETS = 10
QUANTILES = tuple(place / _BUCKETS for place in range(1, _BUCKETS))
_NOTHING = ("nan", "null", "none")
Row = Sequence[str | None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Buckets:
    """What a column is counted by, and the bounds that its values are expected within.

    ``edges`` are a number's. ``codes`` are the numbers of a category's known texts.
    """

    column: Column
    edges: tuple[float, ...] = ()
    codes: tuple[int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """About how many values a number has, and its inner deciles."""

    distinct: int
    deciles: tuple[float | None, ...]


def shapes_query(relation: str, columns: Sequence[Column]) -> str:
    """A query of one row: the shape of each column that is no category."""
    numbers = [each for each in columns if not each.is_category]
    told = ", ".join(each for column in numbers for each in _shape(_name(column)))
    return f"SELECT {told or 'count(*)'} FROM ({_values(relation, numbers)}) AS rows_of_values"


def shapes_of(columns: Sequence[Column], row: Row) -> dict[str, Shape]:
    """The shapes that the row of ``shapes_query`` has, by column."""
    cells = iter(row)
    return {
        each.name: Shape(
            int(float(next(cells) or 0)), tuple(_number(next(cells)) for _ in QUANTILES)
        )
        for each in columns
        if not each.is_category
    }


def values_query(relation: str, columns: Sequence[Column], shapes: Mapping[str, Shape]) -> str:
    """A query of one row: all values of each category, and of each number that has few."""
    few = list(_few(columns, shapes))
    told = ", ".join(f"array_agg(DISTINCT {_name(each)})" for each in few)
    return f"SELECT {told or 'count(*)'} FROM ({_values(relation, few)}) AS rows_of_values"


def buckets_of(
    columns: Sequence[Column], shapes: Mapping[str, Shape], row: Row
) -> tuple[Buckets, ...]:
    """The buckets of a baseline, from its shapes and the row of ``values_query``."""
    cells = iter(row)
    values = {
        each.name: tuple(x for x in listed(next(cells)) if x is not None)
        for each in _few(columns, shapes)
    }
    found: list[Buckets] = []
    for each in columns:
        of_it: Sequence[float] = values.get(each.name, [])
        if each.is_category:
            whole = {int(code) for code in of_it if code == int(code)}
            known = sorted(whole & set(range(len(each.categories))))
            found.append(Buckets(each, codes=tuple(known)))
        else:
            edges = inner_edges(shapes[each.name].deciles, of_it)
            found.append(Buckets(each, edges=edges))
    return tuple(found)


def statistics_query(relation: str, buckets: Sequence[Buckets]) -> str:
    """A query of one row: how many rows there are, then the numbers of each column."""
    told = ", ".join(["count(*)", *(each for one in buckets for each in _numbers(one))])
    columns = [each.column for each in buckets]
    return f"SELECT {told} FROM ({_values(relation, columns)}) AS rows_of_values"


def statistics_of(buckets: Sequence[Buckets], row: Row) -> Statistics:
    """The statistics that the row of ``statistics_query`` has."""
    cells = iter(row)
    rows = int(next(cells) or 0)
    return Statistics(rows, tuple(_column(each, rows, cells) for each in buckets))


def chunks(columns: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many columns, or buckets of columns, at once as a statement takes."""
    for start in range(0, len(columns), MOST_COLUMNS):
        yield columns[start : start + MOST_COLUMNS]


def _few(columns: Sequence[Column], shapes: Mapping[str, Shape]) -> Iterator[Column]:
    for each in columns:
        if each.is_category or shapes[each.name].distinct <= FEW_VALUES:
            yield each


def _shape(name: str) -> Iterator[str]:
    yield f"approx_distinct({name})"
    yield from (f"approx_percentile({name}, {point})" for point in QUANTILES)


def _values(relation: str, columns: Sequence[Column]) -> str:
    """One column of finite numbers for each watched one; an element that is not there is null."""
    told = ", ".join(f"{_value(each)} AS {_name(each)}" for each in columns)
    return f"SELECT {told or '1 AS one'} FROM ({relation}) AS exposed"


def _value(column: Column) -> str:
    source = f"element_at(inputs, {column.place:d})" if column.place else "element_at(scores, 1)"
    return f"CASE WHEN is_finite({source}) THEN {source} END"


def _name(column: Column) -> str:
    return f"x{column.place:d}"


def _numbers(buckets: Buckets) -> Iterator[str]:
    name = _name(buckets.column)
    yield from (f"count({name})", f"min({name})", f"max({name})", f"avg({name})")
    yield from (f"stddev_samp({name})", f"approx_distinct({name})")
    if buckets.column.is_category:
        yield from (f"count_if({name} = {code:d})" for code in buckets.codes)
        known = ", ".join(str(code) for code in buckets.codes) or "-1"
        yield f"max(CASE WHEN {name} NOT IN ({known}) THEN {name} END)"
        return
    yield from (f"count_if({name} < {double(edge)})" for edge in buckets.edges)
    yield _outside(name, "<", buckets.minimum)
    yield _outside(name, ">", buckets.maximum)


def _outside(name: str, sign: str, bound: float | None) -> str:
    return "0" if bound is None else f"count_if({name} {sign} {double(bound)})"


def _column(buckets: Buckets, rows: int, cells: Iterator[str | None]) -> ColumnStatistics:
    present, least, most, mean, deviation, distinct = (next(cells) for _ in range(_PLAIN))
    found = ColumnStatistics(
        name=buckets.column.name,
        present=int(present or 0),
        missing=rows - int(present or 0),
        minimum=_number(least),
        maximum=_number(most),
        mean=_number(mean),
        deviation=_number(deviation),
        distinct=int(float(distinct or 0)),
        integral=buckets.column.integral,
    )
    if buckets.column.is_category:
        return _category(buckets, found, cells)
    below = [int(next(cells) or 0) for _ in buckets.edges]
    low, high = (int(next(cells) or 0) for _ in range(2))
    upper = [*below[1:], found.present]
    counts = (below[0], *(b - a for a, b in zip(below, upper, strict=True))) if below else ()
    return replace(found, edges=buckets.edges, counts=tuple(counts), low=low, high=high)


def _category(
    buckets: Buckets, found: ColumnStatistics, cells: Iterator[str | None]
) -> ColumnStatistics:
    """A category has no numbers: they are places in the specification's list."""
    texts = buckets.column.categories
    counts = tuple(int(next(cells) or 0) for _ in buckets.codes)
    stray = _number(next(cells))
    return replace(
        found,
        minimum=None,
        maximum=None,
        mean=None,
        deviation=None,
        counts=counts,
        values=tuple(texts[code] for code in buckets.codes),
        others=found.present - sum(counts),
        stray=None if stray is None else _text(texts, stray),
    )


def _text(texts: Sequence[str], code: float) -> str:
    place = int(code)
    return texts[place] if place == code and 0 <= place < len(texts) else repr(code)


def listed(cell: str | None) -> tuple[float | None, ...]:
    """The numbers of a list as both engines print it; NaN and null are ``None``."""
    inside = (cell or "").strip("[]")
    texts = (each.strip().lower() for each in inside.split(",") if each.strip())
    return tuple(None if text in _NOTHING else float(text) for text in texts)


def _number(cell: str | None) -> float | None:
    return None if cell is None or cell == "" else float(cell)
