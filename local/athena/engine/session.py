"""One statement on its way: its DuckDB cursor, its catalog, and what Athena was told about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb
from duckdb.sqltypes import DuckDBPyType
from sqlglot import exp

from local.athena.engine.binding import Binder
from local.athena.engine.duck import name
from local.athena.errors import QueryFailed
from local.athena.language.dialect import UNNAMED, name_columns
from local.athena.tables.catalog import Catalog, full_name
from local.athena.tables.types import Column

Cells = Sequence[str | None]

# Types that DuckDB computes with and Trino has not, by what Trino would have.
_NARROWED = {
    "hugeint": "BIGINT",
    "ubigint": "BIGINT",
    "uinteger": "BIGINT",
    "usmallint": "INTEGER",
    "utinyint": "SMALLINT",
    "uuid": "VARCHAR",
    "json": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Order:
    """A statement as submitted: ``tables_location`` is where a CTAS without location writes.

    ``location_enforced`` says that the workgroup allows no other location.
    """

    query_id: str
    sql: str
    database: str
    tables_location: str
    location_enforced: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gives: rows as text, read once; files written; rows changed.

    ``header`` says whether the result file starts with the column names. ``bytes_scanned`` is
    to be asked after the rows were read.
    """

    columns: tuple[Column, ...] = ()
    rows: Iterable[Cells] = ()
    header: bool = False
    update_count: int = 0
    files: tuple[str, ...] = ()
    bytes_scanned: Callable[[], int] = lambda: 0


class Session:
    """Runs one statement's DuckDB queries."""

    def __init__(
        self, order: Order, *, sql: str, catalog: Catalog, cursor: duckdb.DuckDBPyConnection
    ) -> None:
        self.order = order
        self.catalog = catalog
        self.cursor = cursor
        self.binder = Binder(catalog, cursor, sql=sql, database=order.database)

    def named(self, parts: tuple[str, ...]) -> tuple[str, str]:
        """Database and table of a name in this statement."""
        return full_name(parts, self.order.database)

    def output(self, query: exp.Query) -> tuple[str, list[tuple[str, DuckDBPyType]]]:
        """DuckDB's text of a query whose rows go into files, and its columns.

        Raises:
            QueryFailed: a column has no name.
        """
        name_columns(query)
        bound = self.binder.bind(query)
        columns = []
        for number, (column, kind) in enumerate(self.describe(bound), 1):
            if column.startswith(UNNAMED):
                message = f"Column name not specified at position {number}"
                raise QueryFailed("MISSING_COLUMN_NAME", message, at=(1, 1))
            columns.append(f"{_narrowed(name(column), kind)} AS {name(column.lower())}")
        text = f"SELECT {', '.join(columns)} FROM ({bound})"  # noqa: S608 - quoted by duck.name
        return text, self.describe(text)

    def describe(self, text: str) -> list[tuple[str, DuckDBPyType]]:
        """Names and types of the columns of a DuckDB query."""
        description = self.cursor.execute(f"SELECT * FROM ({text}) LIMIT 0").description  # noqa: S608
        return [(entry[0], entry[1]) for entry in description]


def _narrowed(column: str, kind: DuckDBPyType) -> str:
    return f"CAST({column} AS {_NARROWED[kind.id]})" if kind.id in _NARROWED else column
