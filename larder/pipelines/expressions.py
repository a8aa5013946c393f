"""SQL that a definition brings along: parsed when it is loaded, and held to a list.

Only what Athena, DuckDB and Spark compute alike is on the list. So there are no clocks, no chance,
no functions that round or order otherwise somewhere. Division says that it is one of doubles, and
what a zero in the divisor gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

DIALECT = "athena"
_MOST_CHARACTERS = 4000
_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Abs: "abs",
    exp.Ceil: "ceil",
    exp.Floor: "floor",
    exp.Round: "round",
    exp.Coalesce: "coalesce",
    exp.Nullif: "nullif",
    exp.Lower: "lower",
    exp.Upper: "upper",
    exp.Length: "length",
    exp.Substring: "substring",
    exp.StartsWith: "starts_with",
    exp.Replace: "replace",
    exp.Mod: "mod",
    exp.If: "if",
}
_PLAIN = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    *(exp.Is, exp.In, exp.Between, exp.Like, exp.Escape, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.DPipe, exp.Case, exp.Cast, exp.DataType),
    exp.DataTypeParam,
)
_CONDITIONS = (
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In),
    *(exp.Between, exp.Like, exp.NullSafeEQ, exp.NullSafeNEQ, exp.StartsWith),
)
_RELATIONS = (
    *(exp.Select, exp.From, exp.Join, exp.Table, exp.TableAlias, exp.Alias, exp.Where),
    *(exp.With, exp.CTE, exp.Subquery, exp.Union, exp.Star, exp.Exists),
)
_TYPES = ("BIGINT", "INT", "DOUBLE", "VARCHAR", "TEXT", "BOOLEAN", "DECIMAL", "DATE")
_CLOCKS = (
    *(exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentDatetime),
    *(exp.Localtimestamp, exp.Localtime, exp.CurrentUser, exp.Rand, exp.Uuid),
)
_LISTED = ", ".join(sorted([*_FUNCTIONS.values(), "cast", "case"]))


class RefusedSql(Exception):
    """A text of SQL that no definition may have; the message gives the reason and the cure."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text of SQL that was accepted.

    ``text`` is it again, without comments. ``columns`` are what it reads, in lower case.
    """

    text: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class ParsedSelect:
    """A SELECT that was accepted; ``outputs`` are its columns, where it names them all."""

    text: str
    tables: frozenset[str]
    outputs: frozenset[str] | None


def parse_value(text: str) -> Parsed:
    """An expression over one event.

    Raises:
        RefusedSql: it is not one, or has what the engines compute differently.
    """
    tree = _parsed(text)
    for node in tree.walk():
        _refuse_node(node, _PLAIN)
        if isinstance(node, exp.Column) and node.table:
            raise RefusedSql(f"{node.sql(DIALECT)} names a table: write the column's name alone")
    columns = frozenset(column.name.lower() for column in tree.find_all(exp.Column))
    return Parsed(tree.sql(DIALECT, comments=False), columns)


def parse_condition(text: str) -> Parsed:
    """A condition on one row: a comparison, or several of them put together.

    Raises:
        RefusedSql: it is no condition, or as ``parse_value``.
    """
    parsed = parse_value(text)
    tree = _parsed(text).unnest()
    if not isinstance(tree, _CONDITIONS):
        raise RefusedSql(f"{_shown(tree)} is no condition: compare it with a value")
    return parsed


def parse_select(text: str) -> ParsedSelect:
    """A SELECT over named tables.

    Raises:
        RefusedSql: it is another statement, or has what the engines compute differently.
    """
    tree = _parsed(text)
    if not isinstance(tree, exp.Select | exp.Union):
        raise RefusedSql("it is not a SELECT: write SELECT columns FROM database.table")
    for node in tree.walk():
        _refuse_node(node, (*_PLAIN, *_RELATIONS))
        if isinstance(node, exp.Select) and node.args.get("distinct"):
            raise RefusedSql("it has DISTINCT: name the columns of source.order instead")
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    tables = {table.sql(DIALECT) for table in map(_bare, tree.find_all(exp.Table))} - named
    outputs = None if tree.is_star else frozenset(each.lower() for each in tree.named_selects)
    return ParsedSelect(tree.sql(DIALECT, comments=False), frozenset(tables), outputs)


def _bare(table: exp.Table) -> exp.Table:
    return exp.Table(this=exp.to_identifier(table.name.lower()), db=_database(table))


def _database(table: exp.Table) -> exp.Identifier | None:
    return exp.to_identifier(table.db.lower()) if table.db else None


def _parsed(text: str) -> exp.Expr:
    if len(text) > _MOST_CHARACTERS:
        raise RefusedSql(f"it has {len(text)} characters, and {_MOST_CHARACTERS} are allowed")
    try:
        trees = sqlglot.parse(text, read=DIALECT)
    except SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        what = found[0].get("description") or "it can't be read"
        raise RefusedSql(f"it is not SQL in Athena's dialect: {what}") from None
    if len(trees) != 1 or trees[0] is None or isinstance(trees[0], exp.Block):
        raise RefusedSql("it must be one expression, without ';'")
    return trees[0]


def _refuse_node(node: exp.Expr, allowed: tuple[type[exp.Expr], ...]) -> None:
    """Raise if the list has not this part of a text."""
    if isinstance(node, _CLOCKS):
        raise RefusedSql(
            f"{_shown(node)} gives another value at each run: compute with the event's own columns"
        )
    if type(node) not in (*allowed, *_FUNCTIONS):
        raise RefusedSql(f"{_shown(node)} is not allowed: use operators, {_LISTED}")
    for problem in _details(node):
        raise RefusedSql(problem)


def _details(node: exp.Expr) -> Iterator[str]:
    """What is wrong with a part whose kind is allowed."""
    if isinstance(node, exp.Div) and not _is_sound_divisor(node.expression):
        yield (
            f"{_shown(node)}: engines divide differently; write "
            "CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0), or divide by a number such as 6E1"
        )
    elif isinstance(node, exp.Mod) and not _is_number(node.expression):
        yield f"{_shown(node)}: the divisor of mod must be a number other than 0"
    elif isinstance(node, exp.Round) and node.args.get("decimals") is not None:
        yield f"{_shown(node)}: engines round digits differently; round whole numbers, or use scale"
    elif isinstance(node, exp.Substring) and not _is_number(node.args["start"]):
        yield f"{_shown(node)}: substring must start at a number from 1"
    elif isinstance(node, exp.Cast) and str(node.to.this.value) not in _TYPES:
        yield f"{_shown(node)}: cast to one of {', '.join(_TYPES)}"
    elif isinstance(node, exp.Like) and "\\" in node.expression.name:
        yield f"{_shown(node)}: a backslash in a pattern means something else on Spark"
    elif isinstance(node, exp.Table) and node.catalog:
        yield f"{_shown(node)}: name tables as database.table, of the Glue catalog"
    elif isinstance(node, exp.In) and node.args.get("query") is not None:
        yield f"{_shown(node)}: write the values of IN out, or join in source.sql"


def _is_sound_divisor(node: exp.Expr) -> bool:
    """A number with an exponent, which is a double everywhere, or a double that is never 0."""
    inner = node.unnest()
    if isinstance(inner, exp.Nullif):
        value, zero = inner.this, inner.expression
        is_double = isinstance(value, exp.Cast) and str(value.to.this.value) == "DOUBLE"
        return is_double and zero.is_number and float(zero.name) == 0
    return _is_number(inner) and "e" in inner.name.lower()


def _is_number(node: exp.Expr) -> bool:
    """Whether it is a number above 0, written out."""
    return isinstance(node, exp.Literal) and node.is_number and float(node.name) > 0


def _shown(node: exp.Expr) -> str:
    text = node.sql(DIALECT, comments=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
