"""Cells of two sides compared, feature by feature.

Values are equal where they are the same; a standard deviation may differ by 1e-9 of itself, since
engines take roots differently. Lists are equal where their elements are, one by one.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from larder.pipelines.consistency.report import Cell, Difference, FeatureComparison

WORST = 5
TOLERANCE = 1e-9
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Pair:
    """One record on both sides; a side that has no such row is empty."""

    key: str
    left: Row
    right: Row


def compare(
    pairs: Iterable[Pair], features: Iterable[str], inexact: Collection[str] = ()
) -> tuple[FeatureComparison, ...]:
    """Each feature's figures; ``inexact`` features may differ by ``TOLERANCE``."""
    tallies = [_Tally(each, exact=each not in inexact) for each in features]
    for pair in pairs:
        for tally in tallies:
            tally.add(pair.key, pair.left.get(tally.feature), pair.right.get(tally.feature))
    return tuple(each.result() for each in tallies)


def is_equal(left: Cell, right: Cell, *, exact: bool) -> bool:
    """Whether two values are the same."""
    if exact or not (_is_number(left) and _is_number(right)):
        return left == right
    return abs(left - right) <= TOLERANCE * max(abs(left), abs(right))


def differs(pair: Pair, features: Iterable[str], inexact: Collection[str] = ()) -> bool:
    """Whether any of a record's cells differs."""
    return any(
        not is_equal(pair.left.get(each), pair.right.get(each), exact=each not in inexact)
        for each in features
    )


@dataclass(slots=True)
class _Tally:
    """Counts one feature's cells."""

    feature: str
    exact: bool
    compared: int = 0
    mismatch: int = 0
    missing: int = 0
    extra: int = 0
    apart: float = 0.0
    size: float = 0.0
    is_numeric: bool = False
    found: list[tuple[float, Difference]] = field(default_factory=list)

    def add(self, key: str, left: Cell, right: Cell) -> None:
        self.compared += 1
        if _is_number(left) and _is_number(right):
            self.is_numeric = True
            self.apart += abs(left - right)
            self.size += abs(left) + abs(right)
        if is_equal(left, right, exact=self.exact):
            return
        if left is None:
            self.missing += 1
        elif right is None:
            self.extra += 1
        else:
            self.mismatch += 1
        self.found.append((_distance(left, right), Difference(key, left, right)))

    def result(self) -> FeatureComparison:
        worst = heapq.nsmallest(WORST, self.found, key=lambda each: (-each[0], each[1].key))
        smape = (self.apart / self.size if self.size else 0.0) if self.is_numeric else None
        return FeatureComparison(
            self.feature,
            self.compared,
            self.mismatch,
            self.missing,
            self.extra,
            smape,
            tuple(each for _, each in worst),
        )


def _distance(left: Cell, right: Cell) -> float:
    """How far two different cells are apart: 0 to 1 for numbers, 1 for others, 2 for one side."""
    if left is None or right is None:
        return 2.0
    if not (_is_number(left) and _is_number(right)):
        return 1.0
    size = abs(left) + abs(right)
    return float(abs(left - right) / size) if size else 0.0


def _is_number(value: Cell) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
