"""One statement that measures an interval's rows for all its checks, in one scan.

DuckDB computes it. The condition of ``sql`` was translated for it when the definition was loaded.
"""

# ruff: noqa: S608 - names and literals are quoted, and conditions were parsed
from __future__ import annotations

from collections.abc import Sequence

from larder.as_of.text import double, literal, name
from larder.pipelines.checks.expectation import Expectation, Kind

ROWS = "larder_rows"
"""The table of an interval's rows."""
NEWEST = f"SELECT MAX(newest) AS newest FROM {ROWS}"
"""The newest event that a run's other query found."""
MOST_NAMED = 20
"""How many record identifiers of failed rows a report names."""


def measures_statement(identifier: str, expected: Sequence[Expectation]) -> str:
    """A SELECT of one row: ``n`` rows, ``k`` identifiers, and of check i ``f<i>`` and ``v<i>``.

    ``f<i>`` is how many rows fail the check, ``v<i>`` the feature's least or greatest value.
    """
    columns = ["COUNT(*) AS n", f"COUNT(DISTINCT {name(identifier)}) AS k"]
    for place, each in enumerate(expected):
        if each.kind is Kind.UNIQUE:
            columns.append(f"COUNT(*) - COUNT(DISTINCT {_together(each)}) AS f{place}")
        elif failing := failing_rows(each):
            columns.append(f"COUNT(*) FILTER (WHERE {failing}) AS f{place}")
        if each.kind in (Kind.MIN, Kind.MAX):
            function = "MIN" if each.kind is Kind.MIN else "MAX"
            columns.append(f"{function}({name(each.feature)}) AS v{place}")
    listed = ",\n  ".join(columns)
    return f"SELECT\n  {listed}\nFROM {ROWS}"


def named_statement(identifier: str, failed: Expectation) -> str | None:
    """A SELECT ``k`` of identifiers of rows that fail a check, the first ones by name.

    ``None`` for a check that no single row fails.
    """
    key = f"CAST({name(identifier)} AS VARCHAR)"
    if failed.kind is Kind.UNIQUE:
        columns = ", ".join(map(name, failed.columns))
        twice = f"SELECT MIN({key}) AS k FROM {ROWS} GROUP BY {columns} HAVING COUNT(*) > 1"
        return f"SELECT DISTINCT k FROM ({twice}) AS twice ORDER BY k LIMIT {MOST_NAMED}"
    failing = failing_rows(failed)
    if failing is None:
        return None
    return f"SELECT DISTINCT {key} AS k FROM {ROWS} WHERE {failing} ORDER BY k LIMIT {MOST_NAMED}"


def failing_rows(expected: Expectation) -> str | None:
    """The condition of rows that fail a check by themselves. A null fails ``nulls`` alone."""
    column, bound = name(expected.feature), _number(expected.bound)
    conditions = {
        Kind.SQL: f"NOT ({expected.computed})",
        Kind.MIN: f"{column} < {bound}",
        Kind.MAX: f"{column} > {bound}",
        Kind.NULLS: f"{column} IS NULL",
        Kind.ZEROS: f"{column} = 0",
        Kind.IN: f"CAST({column} AS VARCHAR) NOT IN ({', '.join(map(literal, expected.values))})",
    }
    return conditions.get(expected.kind)


def _together(expected: Expectation) -> str:
    """Several columns as one value, which is not null where they are."""
    return f"ROW({', '.join(map(name, expected.columns))})"


def _number(bound: int | float) -> str:
    return str(bound) if isinstance(bound, int) else double(bound)
