"""Puts the catalog's tables in the place of the names a query reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from local.athena.errors import QueryFailed
from local.athena.language.dialect import to_duckdb
from local.athena.language.lexer import place
from local.athena.language.precision import Column, output_columns
from local.athena.relation import AsOf, Relation
from local.athena.tables.catalog import Catalog


class Binder:
    """Binds one statement's queries to tables; what they need registered lies on ``cursor``."""

    def __init__(
        self, catalog: Catalog, cursor: duckdb.DuckDBPyConnection, *, sql: str, database: str
    ) -> None:
        self._catalog = catalog
        self._cursor = cursor
        self._sql = sql
        self._database = database

    def bind(self, query: exp.Query) -> str:
        """DuckDB's text of the query over the tables as they are now.

        Raises:
            QueryFailed: a table does not exist, or the query uses what Athena has not.
        """
        return self._bound(query, {id(t): self._relation(t) for t in _tables(query)})

    def bind_typed(self, query: exp.Query) -> tuple[str, list[int | None]]:
        """DuckDB's text, and the fraction digits of each result column's times.

        The digits are None for a column without times. The list is empty where the query's sources
        can't be followed.

        Raises:
            QueryFailed: as ``bind``.
        """
        relations = {id(table): self._relation(table) for table in _tables(query)}

        def columns(table: exp.Table) -> list[Column]:
            relation = relations[id(table)]
            return [(column, relation.digits) for column in relation.columns]

        found = output_columns(query, columns) or []
        return self._bound(query, relations), [digits for _, digits in found]

    def _bound(self, query: exp.Query, relations: Mapping[int, Relation]) -> str:
        named = set()
        for table in list(_tables(query)):
            named.add((table.db.lower(), table.name.lower()))
            table.replace(_as_subquery(table, relations[id(table)]))
        for column in query.find_all(exp.Column):
            if (column.text("db").lower(), column.table.lower()) in named:
                column.set("db", None)
                column.set("catalog", None)
        return to_duckdb(query, self._sql)

    def bind_within(self, tree: exp.Expr) -> None:
        """Bind the queries inside another statement, such as a DELETE's subqueries."""
        for query in list(tree.find_all(exp.Query)):
            if query.find_ancestor(exp.Query) is None:
                self.bind(query)

    def text(self, tree: exp.Expr) -> str:
        """DuckDB's text of a statement whose queries are bound."""
        return to_duckdb(tree, self._sql)

    def rows(self, parts: tuple[str, ...]) -> str:
        """A DuckDB query that yields the rows of a table, now."""
        relation = self._catalog.relation(parts, database=self._database, as_of=None, at=None)
        for name, rows in relation.arrow.items():
            self._cursor.register(name, rows)
        return relation.sql

    def subquery(self, table: exp.Table) -> exp.Subquery:
        """The subquery that replaces a table's name in DuckDB's text."""
        return _as_subquery(table, self._relation(table))

    def _relation(self, table: exp.Table) -> Relation:
        if not isinstance(table.this, exp.Identifier):
            function = table.this.name or type(table.this).__name__.lower()
            raise QueryFailed(
                "FUNCTION_NOT_FOUND",
                f"Table function '{function}' not registered",
                at=self._place(table),
            )
        relation = self._catalog.relation(
            tuple(part.name.lower() for part in table.parts),
            database=self._database,
            as_of=self._as_of(table.args.get("version")),
            at=self._place(table),
        )
        for name, rows in relation.arrow.items():
            self._cursor.register(name, rows)
        return relation

    def _as_of(self, version: exp.Expr | None) -> AsOf | None:
        """What FOR VERSION AS OF or FOR TIMESTAMP AS OF means, its expression evaluated."""
        if version is None:
            return None
        value = version.expression
        if version.name.upper() != "TIMESTAMP":
            if isinstance(value, exp.Literal) and value.is_string:
                return AsOf(reference=value.name)
            return AsOf(snapshot_id=int(self._constant(value, "bigint")))
        return AsOf(moment_ms=int(self._constant(value, "timestamptz")))

    def _constant(self, value: exp.Expr, kind: str) -> int:
        cast = exp.cast(value.copy(), kind)
        result = exp.func("epoch_ms", cast) if kind == "timestamptz" else cast
        row = self._cursor.execute(to_duckdb(exp.select(result), self._sql)).fetchone()
        if row is None or row[0] is None:
            raise QueryFailed("INVALID_ARGUMENTS", "a version to read AS OF must not be null")
        return int(row[0])

    def _place(self, table: exp.Table) -> tuple[int, int] | None:
        start = next((p.meta["start"] for p in table.parts if "start" in p.meta), None)
        return None if start is None else place(self._sql, start)


def _as_subquery(table: exp.Table, relation: Relation) -> exp.Subquery:
    alias = table.args.get("alias")
    return exp.Subquery(
        this=exp.Var(this=relation.sql),
        alias=alias or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)),
        joins=table.args.get("joins"),
        sample=table.args.get("sample"),
    )


def _tables(query: exp.Query) -> Iterator[exp.Table]:
    """The tables a query reads, without names that mean a WITH query there."""
    for scope in traverse_scope(query):
        local = {name.lower() for name in scope.cte_sources}
        for table in scope.tables:
            if table.db or table.name.lower() not in local:
                yield table
