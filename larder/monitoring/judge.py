"""Current statistics against a baseline: how far each column is from it, and what is too far."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from larder.drift import (
    jensen_shannon,
    kolmogorov_smirnov,
    largest_gap,
    population_stability,
)
from larder.monitoring.constraints import ColumnConstraints, Constraints, Thresholds
from larder.monitoring.statistics import ColumnStatistics, Statistics
from larder.monitoring.violations import Check, Violation

_ERRORS = 4.0
"""Standard errors that a share must be away besides its threshold: 3 in 100,000 by chance."""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How far a column is from its baseline.

    Attributes:
        name: the column's name.
        rows: values that were compared; below the least number nothing alarms.
        stability: the population stability index.
        distance: the Jensen-Shannon distance, from 0 to 1.
        gap: the greatest difference of a bucket's share.
        ks: the Kolmogorov-Smirnov distance at the edges, for numbers alone.
        ks_p_value: its p-value, which is shown and never alarms.
    """

    name: str
    rows: int
    stability: float
    distance: float
    gap: float
    ks: float | None
    ks_p_value: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a comparison found. ``unjudged`` columns have too few values."""

    drifts: tuple[ColumnDrift, ...] = ()
    violations: tuple[Violation, ...] = ()
    unjudged: tuple[str, ...] = ()


def judge(baseline: Statistics, current: Statistics, constraints: Constraints) -> Judgement:
    """Compare columns of the same names; others are passed over."""
    drifts: list[ColumnDrift] = []
    violations: list[Violation] = []
    unjudged: list[str] = []
    for column in current.columns:
        before, rule = baseline.column(column.name), constraints.of(column.name)
        if before is None or rule is None:
            continue
        drift = drift_of(before, column)
        drifts.append(drift)
        limits = constraints.thresholds_of(rule)
        if column.rows < limits.least_rows:
            unjudged.append(column.name)
        elif constraints.is_judged:
            violations.extend(_found(before, column, rule, limits))
            violations.extend(_drifted(before, column, drift, limits))
    return Judgement(tuple(drifts), tuple(violations), tuple(unjudged))


def drift_of(baseline: ColumnStatistics, current: ColumnStatistics) -> ColumnDrift:
    """How far a column is from its baseline; both have the same buckets."""
    left, right = _same_length(baseline.histogram, current.histogram)
    ks = None if baseline.is_category else kolmogorov_smirnov(left, right)
    return ColumnDrift(
        name=current.name,
        rows=current.present,
        stability=population_stability(left, right),
        distance=jensen_shannon(left, right),
        gap=largest_gap(left, right),
        ks=ks[0] if ks else None,
        ks_p_value=ks[1] if ks else None,
    )


def _same_length(
    left: tuple[int, ...], right: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A side without any value has no bucket: it has zeros then."""
    longest = max(len(left), len(right))
    return left or (0,) * longest, right or (0,) * longest


def _drifted(
    before: ColumnStatistics, now: ColumnStatistics, drift: ColumnDrift, limits: Thresholds
) -> Iterator[Violation]:
    """One violation, by the index where both reach their thresholds."""
    if min(before.present, now.present) < limits.least_rows:
        return
    if drift.stability >= limits.stability:
        value, limit, what = drift.stability, limits.stability, "population stability index"
    elif drift.distance >= limits.distance:
        value, limit, what = drift.distance, limits.distance, "Jensen-Shannon distance"
    else:
        return
    moved = "" if before.is_category else f": mean {_short(now.mean)}, was {_short(before.mean)}"
    told = (
        f"{now.name} is distributed otherwise than in the baseline{moved}; {what} "
        f"{value:.3f} of {now.present} values, at most {limit:g} is allowed"
    )
    yield Violation(now.name, Check.DRIFT, told, value, limit)


def _found(
    before: ColumnStatistics, now: ColumnStatistics, rule: ColumnConstraints, limits: Thresholds
) -> Iterator[Violation]:
    missing = 1 - now.completeness
    if _exceeds(missing, 1 - rule.completeness, limits.completeness, before.rows, now.rows):
        told = (
            f"{now.name} has no value in {missing:.2%} of {now.rows} rows; the baseline has none "
            f"in {1 - rule.completeness:.2%}"
        )
        yield Violation(now.name, Check.COMPLETENESS, told, missing, 1 - rule.completeness)
    if not now.present:
        return
    strays = now.others / now.present
    if now.is_category and _exceeds(strays, 0.0, limits.domain, before.present, now.present):
        told = (
            f"{now.name} has values that the baseline has not, such as {now.stray!r}: "
            f"{strays:.2%} of {now.present}"
        )
        yield Violation(now.name, Check.CATEGORY, told, strays, limits.domain)
    yield from _outside(before, now, limits)


def _outside(
    before: ColumnStatistics, now: ColumnStatistics, limits: Thresholds
) -> Iterator[Violation]:
    sides = (("below", now.low, before.minimum), ("above", now.high, before.maximum))
    for side, count, bound in sides:
        share = count / now.present
        if bound is None or not _exceeds(share, 0.0, limits.outside, before.present, now.present):
            continue
        told = (
            f"{now.name} has {share:.2%} of {now.present} values {side} the baseline's "
            f"{_short(bound)}: now {_short(now.minimum)} to {_short(now.maximum)}"
        )
        yield Violation(now.name, Check.RANGE, told, share, limits.outside)


def _exceeds(share: float, expected: float, slack: float, rows: int, others: int) -> bool:
    """Whether a share is larger by more than the slack, and by more than chance makes it."""
    if share - expected < slack or not rows or not others:
        return False
    pooled = max(expected, slack / 2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / others))
    return share - expected >= _ERRORS * error


def _short(value: float | None) -> str:
    return "none" if value is None else f"{value:.5g}"
