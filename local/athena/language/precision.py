"""How many fraction digits the times of a query's columns have, by their types.

Athena prints a time by the precision of its column's type: ``timestamp(3)`` always with three
digits, whatever the value. DuckDB has one type for most precisions, so they are found here in the
query: those of a table's columns, a cast, a literal or a function, and what an expression makes of
them. In Trino the timestamps of a Hive table are ``timestamp(3)``, those of an Iceberg table
``timestamp(6)``; functions that make a time give three digits, and what takes a time keeps its.

Source: Trino's documentation, "Data types" and "Date and time functions and operators". That a
literal with fewer than three digits is printed with three is our choice: AWS does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

Column = tuple[str, int | None]
"""A column's name in lower case and its digits; None where it has no time or they are unknown."""
Tables = Callable[[exp.Table], Sequence[Column]]

_DEFAULT = 3
_NANOSECONDS = 9
_MADE = (
    exp.CurrentTimestamp,
    exp.Localtimestamp,
    exp.FromISO8601Timestamp,
    exp.UnixToTime,
    exp.StrToTime,
    exp.ParseDatetime,
)
_MADE_BY_NAME = {"to_timestamp": _DEFAULT, "from_unixtime_nanos": _NANOSECONDS}
_TIMES = (
    exp.DType.TIMESTAMP,
    exp.DType.TIMESTAMPTZ,
    exp.DType.TIMESTAMPNTZ,
    exp.DType.TIMESTAMPLTZ,
)
# Of these only the first argument gives the result's type.
_OF_FIRST = (
    *(exp.ArgMax, exp.ArgMin, exp.Nullif, exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd),
    *(exp.AtTimeZone, exp.Add, exp.Sub, exp.Window, exp.ApproxQuantile, exp.NthValue, exp.Filter),
)


def output_columns(query: exp.Query, tables: Tables) -> list[Column] | None:
    """The result's columns in order; None where the query's sources can't be followed.

    ``tables`` gives the columns of a table that the query names.
    """
    scope = build_scope(query)
    if scope is None:
        return None
    try:
        return _Reader(tables).columns(scope)
    except _Unknown:
        return None


class _Unknown(Exception):
    """A source of the query is of a kind that is not followed."""


class _Reader:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def columns(self, scope: Scope) -> list[Column]:
        """What a SELECT, a UNION and the like, VALUES or UNNEST gives."""
        return _renamed(scope.outer_columns, self._columns(scope))

    def _columns(self, scope: Scope) -> list[Column]:
        tree = scope.expression
        if isinstance(tree, exp.SetOperation):
            left, right = (self.columns(each) for each in scope.set_operation_scopes)
            pairs = zip(left, right, strict=False)
            return [(name, _most([one, other])) for (name, one), (_, other) in pairs]
        if isinstance(tree, exp.Select):
            within = _Within(scope, self._sources(scope, tree))
            return [column for item in tree.expressions for column in self._item(item, within)]
        if isinstance(tree, exp.Values):
            return self._values(tree, _Within(scope, {}))
        if isinstance(tree, exp.Unnest | exp.Lateral):
            return [(name.lower(), None) for name in tree.alias_column_names]
        raise _Unknown

    def _values(self, tree: exp.Values, within: _Within) -> list[Column]:
        rows: list[list[exp.Expr]] = [row.expressions for row in tree.expressions]
        width = len(rows[0]) if rows else 0
        digits = [_most([self._digits(row[i], within) for row in rows]) for i in range(width)]
        names = tree.alias_column_names or [f"col{i}" for i in range(len(digits))]
        return list(zip(map(str.lower, names), digits, strict=False))

    def _sources(self, scope: Scope, select: exp.Select) -> dict[str, list[Column]]:
        """The tables that a SELECT reads, in the order of its ``*``, by their names there."""
        found: dict[str, list[Column]] = {}
        origin = select.args.get("from_")
        joins: list[exp.Join] = select.args.get("joins") or []
        places: list[tuple[exp.Expr, Sequence[exp.Expr]]] = [
            *([(origin.this, ())] if origin else []),
            *((join.this, join.args.get("using") or ()) for join in joins),
        ]
        for node, using in places:
            shared = {column.name.lower() for column in using}
            source = scope.sources.get(node.alias_or_name)
            if isinstance(source, Scope):
                columns = self.columns(source)
            elif isinstance(source, exp.Table):
                columns = list(self._tables(source))
            else:
                raise _Unknown
            named = _renamed(getattr(node, "alias_column_names", []), columns)
            found[node.alias_or_name.lower()] = [each for each in named if each[0] not in shared]
        return found

    def _item(self, item: exp.Expr, within: _Within) -> Iterator[Column]:
        """The columns that one item of a SELECT's list gives."""
        if isinstance(item, exp.Star):
            for columns in within.sources.values():
                yield from columns
        elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            if item.table.lower() not in within.sources:
                raise _Unknown
            yield from within.sources[item.table.lower()]
        else:
            yield item.alias_or_name.lower(), self._digits(item.unalias(), within)

    def _digits(  # noqa: PLR0911 - one return for each kind of expression
        self, node: exp.Expr, within: _Within
    ) -> int | None:
        """The digits of an expression; None where it is, or holds, no time."""
        if isinstance(node, exp.Column):
            return within.digits(node)
        if isinstance(node, exp.Cast):
            return _of_cast(node)
        if isinstance(node, exp.Predicate | exp.Literal | exp.Interval):
            return None
        if isinstance(node, exp.FromISO8601TimestampNanos):
            return _NANOSECONDS
        if isinstance(node, _MADE):
            given = node.this if isinstance(node, exp.CurrentTimestamp) else None
            return int(given.name) if isinstance(given, exp.Literal) else _DEFAULT
        if isinstance(node, exp.Anonymous) and node.name.lower() in _MADE_BY_NAME:
            return _MADE_BY_NAME[node.name.lower()]
        if isinstance(node, exp.Subquery | exp.Query):
            inner = within.subquery(node)
            columns = self.columns(inner) if inner else []
            return columns[0][1] if columns else None
        return _most([self._digits(each, within) for each in _results(node)])


@dataclass(frozen=True, slots=True)
class _Within:
    """The place of an expression: the tables whose columns it may name, and its scope."""

    scope: Scope
    sources: Mapping[str, Sequence[Column]]

    def digits(self, node: exp.Column) -> int | None:
        """Those of a named column."""
        table, name = node.table.lower(), node.name.lower()
        within = [self.sources[table]] if table in self.sources else self.sources.values()
        every = (column for columns in within for column in columns)
        return next((digits for known, digits in every if known == name), None)

    def subquery(self, node: exp.Expr) -> Scope | None:
        """The scope of a query that is used as a value."""
        inner = node.unnest()
        return next((s for s in self.scope.subquery_scopes if s.expression is inner), None)


def _renamed(names: Sequence[str], columns: list[Column]) -> list[Column]:
    """The columns under the names that an alias such as ``AS t(a, b)`` gives them."""
    if not names or len(names) != len(columns):
        return columns
    return [(new.lower(), digits) for new, (_, digits) in zip(names, columns, strict=True)]


def _of_cast(node: exp.Cast) -> int | None:
    kind = node.to
    if kind.this not in _TIMES:
        return None
    given = kind.find(exp.DataTypeParam)
    digits = int(given.name) if given else _DEFAULT
    is_literal = isinstance(node.this, exp.Literal)
    return max(digits, _DEFAULT) if is_literal else digits


def _results(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of an expression whose type its own follows."""
    if isinstance(node, exp.If):
        parts = [node.args.get("true"), node.args.get("false")]
    elif isinstance(node, exp.Case):
        parts = [*(node.args.get("ifs") or []), node.args.get("default")]
    elif isinstance(node, _OF_FIRST):
        parts = [node.this]
    elif isinstance(node, exp.Anonymous):
        parts = node.expressions
    else:
        parts = list(node.iter_expressions())
    yield from (part for part in parts if isinstance(part, exp.Expr))


def _most(digits: Sequence[int | None]) -> int | None:
    known = [each for each in digits if each is not None]
    return max(known) if known else None
