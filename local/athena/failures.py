"""DuckDB's errors under the names and with the places that Athena gives them."""

from __future__ import annotations

import re

import duckdb

from local.athena.denials import denied_to_duckdb
from local.athena.errors import QueryFailed
from local.athena.language.lexer import place

_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), code, message)
    for pattern, code, message in (
        (
            r'Referenced column "(?P<name>[^"]+)" not found',
            "COLUMN_NOT_FOUND",
            "Column '{name}' cannot be resolved or requester is not authorized to access "
            "requested resources",
        ),
        (
            r'does not have a column named "(?P<name>[^"]+)"',
            "COLUMN_NOT_FOUND",
            "Column '{name}' cannot be resolved or requester is not authorized to access "
            "requested resources",
        ),
        (
            # A column is given its own name as alias; DuckDB then looks for the alias.
            r'Column "(?P<name>[^"]+)" referenced that exists in the SELECT clause',
            "COLUMN_NOT_FOUND",
            "Column '{name}' cannot be resolved or requester is not authorized to access "
            "requested resources",
        ),
        (
            r'Referenced table "(?P<name>[^"]+)" not found',
            "COLUMN_NOT_FOUND",
            "Column '{name}' cannot be resolved",
        ),
        (
            r"Function with name (?P<name>\w+) does not exist",
            "FUNCTION_NOT_FOUND",
            "Function '{name}' not registered",
        ),
        (
            r'Ambiguous reference to column name "(?P<name>[^"]+)"',
            "AMBIGUOUS_NAME",
            "Column '{name}' is ambiguous",
        ),
        (
            r'column "(?P<name>[^"]+)" must appear in the GROUP BY',
            "EXPRESSION_NOT_AGGREGATE",
            "'{name}' must be an aggregate expression or appear in GROUP BY clause",
        ),
    )
)
_BY_TYPE: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.OutOfMemoryException, "EXCEEDED_LOCAL_MEMORY_LIMIT"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
    (duckdb.NotImplementedException, "NOT_SUPPORTED"),
    (duckdb.ParserException, "SYNTAX_ERROR"),
    (duckdb.BinderException, "TYPE_MISMATCH"),
    (duckdb.CatalogException, "SYNTAX_ERROR"),
    (duckdb.IOException, "HIVE_CANNOT_OPEN_SPLIT"),
    (duckdb.PermissionException, "PERMISSION_DENIED"),
)


def as_athena(error: duckdb.Error, sql: str) -> QueryFailed:
    """The failure that Athena would report for the statement ``sql``."""
    message = str(error).split("\n\nLINE ", 1)[0].strip()
    for pattern, code, template in _KNOWN:
        match = pattern.search(message)
        if match:
            name = match["name"]
            return QueryFailed(code, template.format(name=name), at=_place_of(name, sql))
    if denied := denied_to_duckdb(message):
        return denied
    code = next((c for kind, c in _BY_TYPE if isinstance(error, kind)), "GENERIC_INTERNAL_ERROR")
    return QueryFailed(code, re.sub(r"^[A-Za-z ]+ Error: ", "", message))


def _place_of(name: str, sql: str) -> tuple[int, int] | None:
    match = re.search(rf"(?<![\w']){re.escape(name)}(?!\w)", sql, re.IGNORECASE)
    return place(sql, match.start()) if match else None
