"""Statistics of columns over some rows, by any engine."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What some rows have in one column.

    Attributes:
        name: the column's name.
        present: rows with a value. NaN, infinite and null do not count.
        missing: rows without one.
        minimum: the least value; ``None`` where nothing is present, as in the next three.
        maximum: the greatest value.
        mean: the mean.
        deviation: the sample's standard deviation; ``None`` of less than two values.
        distinct: how many different values there are, about.
        edges: inner edges of the histogram, growing. A value on an edge counts above it.
        counts: values by bucket: one more than there are edges.
        values: of a category, the texts that ``counts`` are of, in place of edges.
        others: of a category, values that are not among ``values``.
        stray: one of the others, as a text.
        low: values below the baseline's minimum; 0 in a baseline itself.
        high: values above the baseline's maximum.
        integral: whether its feature has whole numbers alone.
    """

    name: str
    present: int
    missing: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    distinct: int = 0
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    others: int = 0
    stray: str | None = None
    low: int = 0
    high: int = 0
    integral: bool = False

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.present + self.missing

    @property
    def is_category(self) -> bool:
        """Whether its values are texts of a list."""
        return bool(self.values)

    @property
    def completeness(self) -> float:
        """The share of rows with a value; 1 where there are no rows."""
        return self.present / self.rows if self.rows else 1.0

    @property
    def histogram(self) -> tuple[int, ...]:
        """Counts that add up to ``present``: the last one of a category has its others."""
        return (*self.counts, self.others) if self.is_category else self.counts


@dataclass(frozen=True, slots=True)
class Statistics:
    """Some rows: how many, and what each watched column has."""

    rows: int
    columns: tuple[ColumnStatistics, ...]

    def column(self, name: str) -> ColumnStatistics | None:
        """The column of that name."""
        return next((each for each in self.columns if each.name == name), None)


FEW_VALUES = 100
"""Different values up to which a column counts as one of single points."""
_ALONE = 1e-3


def inner_edges(
    quantiles: Sequence[float | None], values: Sequence[float] = ()
) -> tuple[float, ...]:
    """Edges of a histogram from quantiles: finite, growing, each once.

    A column of few ``values`` has its edges half way between them. So a value that moves a little
    stays in its bucket, and one that moves to the next does not. In another column a quantile that
    comes twice is a value of many rows: it has a second edge right above.
    """
    finite = [float(each) for each in quantiles if each is not None and math.isfinite(each)]
    if values and finite:
        return _between(sorted(set(finite)), sorted(set(values)))
    often = {math.nextafter(each, math.inf) for each, n in Counter(finite).items() if n > 1}
    return tuple(sorted({*finite, *often}))


def _between(quantiles: Sequence[float], points: Sequence[float]) -> tuple[float, ...]:
    """Half way to both neighbours of the value that each quantile is at or below."""
    low, high = _gap(points[:2]), _gap(points[-2:])
    around = (points[0] - low, *points, points[-1] + high)
    found = set()
    for each in quantiles:
        place = min(bisect_left(points, each), len(points) - 1) + 1
        found.add((around[place - 1] + around[place]) / 2)
        found.add((around[place] + around[place + 1]) / 2)
    return tuple(sorted(found))


def _gap(pair: Sequence[float]) -> float:
    """How far apart two values are; of a single one, a small part of it."""
    return pair[1] - pair[0] if len(pair) > 1 else max(1.0, abs(pair[0])) * _ALONE
