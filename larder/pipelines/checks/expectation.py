"""What a definition expects of an interval's rows: one kind of check with one bound each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from larder.pipelines.durations import text_of

MOST_VALUES = 10_000
"""How many values a list of ``in`` may have."""
_SHOWN = 120


class Kind(StrEnum):
    """What is checked. Names are those of the definition file's members."""

    ROWS_MIN = "rows min"
    ROWS_MAX = "rows max"
    ROWS_COMPARED = "rows compared_to"
    KEYS_MIN = "keys min"
    KEYS_MAX = "keys max"
    KEYS_COMPARED = "keys compared_to"
    UNIQUE = "unique"
    FRESHNESS = "freshness"
    SQL = "sql"
    MIN = "min"
    MAX = "max"
    NULLS = "nulls"
    IN = "in"
    ZEROS = "zeros"


LEAST = frozenset({Kind.ROWS_MIN, Kind.KEYS_MIN, Kind.MIN})
"""Kinds whose bound is the least number allowed."""
MOST = frozenset({Kind.ROWS_MAX, Kind.KEYS_MAX, Kind.MAX})
"""Kinds whose bound is the greatest number allowed."""
COMPARED = frozenset({Kind.ROWS_COMPARED, Kind.KEYS_COMPARED})
"""Kinds whose bound is a share of the median of earlier runs."""
ROWS = frozenset({Kind.ROWS_MIN, Kind.ROWS_MAX, Kind.ROWS_COMPARED})
"""Kinds of the number of rows."""
KEYS = frozenset({Kind.KEYS_MIN, Kind.KEYS_MAX, Kind.KEYS_COMPARED})
"""Kinds of the number of record identifiers."""
SHARES = frozenset({Kind.NULLS, Kind.ZEROS})
"""Kinds whose bound is a share of all rows."""
PAUSING = ROWS | {Kind.FRESHNESS}
"""Kinds that pause a pipeline when they fail twice running: its source is at fault."""


class Severity(StrEnum):
    """What a failed check does: it stops the interval, or it only warns."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One check.

    Attributes:
        kind: what is checked.
        bound: the greatest or least number allowed. A share and ``within`` are per cent,
            ``freshness`` is microseconds.
        feature: whose values are checked, for kinds of a feature.
        columns: features whose values are unique together.
        values: the texts that a feature may have.
        runs: of how many earlier runs the median is taken.
        condition: SQL of one row, in Athena's dialect.
        computed: the same for DuckDB, which computes it. Functions do not translate SQL.
        severity: what a failure does.
    """

    kind: Kind
    bound: int | float = 0
    feature: str = ""
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    runs: int = 0
    condition: str = ""
    computed: str = ""
    severity: Severity = Severity.ERROR

    @property
    def title(self) -> str:
        """The check in a report and in messages."""
        if self.feature:
            return f"{self.feature} {self.kind}"
        if self.columns:
            return f"{self.kind} [{', '.join(self.columns)}]"
        return str(self.kind)

    @property
    def limit(self) -> str:
        """The bound in words."""
        if self.kind in LEAST | MOST:
            return f"{'at least' if self.kind in LEAST else 'at most'} {self.bound:,}"
        if self.kind in COMPARED:
            return f"within {self.bound:g}% of the median of the last {self.runs} runs"
        if self.kind in SHARES:
            return f"at most {self.bound:g}% of rows"
        others = {
            Kind.UNIQUE: "no two rows alike",
            Kind.FRESHNESS: f"an event within the last {text_of(int(self.bound))}",
            Kind.SQL: f"true or unknown for every row: {self.condition[:_SHOWN]}",
            Kind.IN: f"one of {len(self.values):,} values",
        }
        return others[self.kind]

    @property
    def exact(self) -> Fraction:
        """The bound as the decimal number that the file has: 0.1 is a tenth."""
        return Fraction(str(self.bound))
