"""Measures of an interval's rows against what is expected of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from statistics import median

from larder.pipelines.checks.expectation import (
    COMPARED,
    KEYS,
    LEAST,
    MOST,
    ROWS,
    SHARES,
    Expectation,
    Kind,
    Severity,
)
from larder.pipelines.durations import text_of
from larder.pipelines.sql.statement import Interval

Measured = Mapping[str, int | float | None]


class Result(StrEnum):
    """What became of a check; ``not judged`` where there is nothing to compare with."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_JUDGED = "not judged"


class Guard(StrEnum):
    """What is checked of predictions alone, beside what they expect of their rows."""

    SHARDS = "shards"
    REFUSED = "refused"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows and record identifiers an earlier run published."""

    rows: int
    keys: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result. ``keys`` are record identifiers of failed rows, ``value`` is in words."""

    check: str
    bound: str
    value: str
    result: Result
    kind: Kind | Guard
    feature: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What was measured of an interval.

    Attributes:
        interval: the points of its rows.
        rows: how many rows there are.
        keys: how many different record identifiers they have.
        newest: the newest event of the source that the freshness check saw, if it saw one.
        earlier: the last runs of the same length, newest first.
        of_checks: ``f<i>`` and ``v<i>`` of the statement; nothing where there are no rows.
    """

    interval: Interval
    rows: int
    keys: int
    newest: int | None
    earlier: Sequence[Counts]
    of_checks: Measured


def judge(expected: Expectation, place: int, measures: Measures) -> Finding:
    """The finding of one check; ``place`` is its place in the statement."""
    is_met, value = _judged(expected, place, measures)
    result = Result.NOT_JUDGED if is_met is None else Result.PASSED
    if is_met is False:
        result = Result.WARNED if expected.severity is Severity.WARN else Result.FAILED
    return Finding(
        expected.title, expected.limit, value, result, expected.kind, feature=expected.feature
    )


def _judged(expected: Expectation, place: int, measures: Measures) -> tuple[bool | None, str]:
    """Whether a check is met, or ``None``, and the value that says so."""
    if expected.kind in ROWS | KEYS:
        count = measures.rows if expected.kind in ROWS else measures.keys
        if expected.kind in COMPARED:
            return _compared(expected, count, measures.earlier)
        is_met = count >= expected.bound if expected.kind in LEAST else count <= expected.bound
        return is_met, f"{count:,}"
    if expected.kind is Kind.FRESHNESS:
        return _fresh(expected, measures)
    if measures.rows == 0:
        return None, "no rows"
    return _of_rows(expected, place, measures)


def _of_rows(expected: Expectation, place: int, measures: Measures) -> tuple[bool | None, str]:
    """The same of a check that is made row by row."""
    failing = int(measures.of_checks.get(f"f{place}") or 0)
    if expected.kind in SHARES:
        share = Fraction(100 * failing, measures.rows)
        return share <= expected.exact, f"{float(share):.3g}% ({failing:,} rows)"
    if expected.kind not in LEAST | MOST:
        return failing == 0, f"{failing:,} rows"
    value = measures.of_checks.get(f"v{place}")
    if value is None:
        return None, "no values"
    return failing == 0, f"{value:,} ({failing:,} rows outside)"


def _compared(
    expected: Expectation, count: int, earlier: Sequence[Counts]
) -> tuple[bool | None, str]:
    known = [each.keys if expected.kind in KEYS else each.rows for each in earlier]
    counts = [each for each in known if each is not None][: expected.runs]
    if len(counts) < expected.runs:
        return None, f"{count:,}; {len(counts)} of {expected.runs} runs to compare with"
    middle = Fraction(median(counts))
    value = f"{count:,} against {float(middle):,g}"
    if middle == 0:
        return None, value
    return abs(count - middle) * 100 <= expected.exact * middle, value


def _fresh(expected: Expectation, measures: Measures) -> tuple[bool, str]:
    if measures.newest is None:
        return False, f"no event in the last {text_of(int(expected.bound))}"
    age = measures.interval.until - measures.newest
    return age < expected.bound, f"the newest event is {age // 1_000_000:,} s old"
