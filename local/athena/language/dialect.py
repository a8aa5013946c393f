"""Athena's SQL as DuckDB's: what sqlglot's translation leaves wrong, put right on the tree.

Every rule here was found by running: the same expression gave another value or name on DuckDB. What
DuckDB would run and Athena would not (QUALIFY, ASOF, ILIKE …) is refused. So SQL that works here
works there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from local.athena.errors import QueryFailed, not_supported
from local.athena.language import joda, teradata
from local.athena.language.lexer import place

UNNAMED = "_unnamed_column_"


def to_duckdb(tree: exp.Expr, sql: str) -> str:
    """DuckDB's text for a query whose tables are already bound; ``sql`` is Athena's, for places.

    Raises:
        QueryFailed: the tree uses what Athena has not, or what cannot be put in DuckDB's terms.
    """
    nodes = list(tree.walk())
    for node in nodes:
        _refuse_foreign(node, sql)
    for node in reversed(nodes):  # children first: a rule may wrap what another has changed
        rule = _RULES.get(type(node))
        changed = rule(node) if rule else node
        if changed is not node:
            node.replace(changed)
    return tree.sql(dialect="duckdb", comments=False)


def name_columns(query: exp.Query) -> None:
    """Name each result column as Athena does: as the query writes it.

    A column without a name gets a mark that ``column_names`` turns into ``_col<n>``; sqlglot would
    name ``CAST(a AS bigint)`` after ``a``. A column that is only named keeps the letter case of
    the query, in subqueries too; DuckDB would take the table's. ``*`` gives the table's names.
    """
    for select in query.find_all(exp.Select):
        for item in select.expressions:
            if isinstance(item, exp.Column) and not item.is_star:
                item.replace(exp.alias_(item.copy(), item.name, quoted=True))
    first: exp.Expr = query
    while not isinstance(first, exp.Select):
        if not isinstance(first.this, exp.Expr):
            return
        first = first.this
    for number, item in enumerate(first.expressions):
        if isinstance(item, exp.Dot) and not item.is_star:
            item.replace(exp.alias_(item.copy(), item.name, quoted=True))
        elif not isinstance(item, exp.Alias | exp.Column | exp.Star | exp.Dot | exp.Aliases):
            item.replace(exp.alias_(item.copy(), f"{UNNAMED}{number}", quoted=True))


def column_names(names: list[str]) -> list[str]:
    """Result column names as Athena gives them: ``_col2`` for a nameless third column."""
    return [f"_col{i}" if name.startswith(UNNAMED) else name for i, name in enumerate(names)]


def _arg_best(node: exp.Expr) -> exp.Expr:
    """MAX_BY and MIN_BY, whose DuckDB namesakes skip rows where the result is null."""
    if node.args.get("count"):
        return node
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return exp.Anonymous(this=name, expressions=[node.this, node.expression])


def _row(node: exp.Expr) -> exp.Expr:
    """ROW(a, b) has no field names in Trino; sqlglot would name them after the columns."""
    if any(isinstance(item, exp.PropertyEQ | exp.Alias) for item in node.expressions):
        return node
    return exp.Anonymous(this="row", expressions=node.expressions)


def _date_diff(node: exp.Expr) -> exp.Expr:
    """Trino counts whole units that have passed; DuckDB's date_diff counts borders crossed."""
    unit = exp.Literal.string(node.text("unit").lower() or "day")
    return exp.Anonymous(this="date_sub", expressions=[unit, node.expression, node.this])


def _date_add(node: exp.Expr) -> exp.Expr:
    amount = exp.Interval(this=node.expression, unit=node.args.get("unit"))
    return exp.Anonymous(this="trino_plus", expressions=[node.this, amount])


def _plus_interval(node: exp.Expr) -> exp.Expr:
    name = "trino_plus" if isinstance(node, exp.Add) else "trino_minus"
    if isinstance(node.expression, exp.Interval):
        return exp.Anonymous(this=name, expressions=[node.this, node.expression])
    return node


def _at_time_zone(node: exp.Expr) -> exp.Expr:
    return _in_utc(node.this, node.args["zone"])


def _in_utc(moment: exp.Expr, zone: exp.Expr) -> exp.Expr:
    """The session is in UTC, so a moment in UTC is the moment itself, with its zone."""
    if zone.name.upper() not in ("UTC", "Z", "+00:00"):
        raise not_supported(f"the time zone {zone.sql('trino')}", "use 'UTC'")
    return exp.cast(moment, "timestamptz")


def _parse_datetime(node: exp.Expr) -> exp.Expr:
    parsed = _call("strptime", node.this, _strftime_format(node.args["format"]))
    return exp.cast(parsed, "timestamptz")


def _iso_timestamp(node: exp.Expr) -> exp.Expr:
    """from_iso8601_timestamp gives a timestamp(3): digits beyond milliseconds are cut off."""
    moment = exp.cast(node.this.copy(), "timestamptz")
    return _call("date_trunc", exp.Literal.string("millisecond"), moment)


def _unix_time(node: exp.Expr) -> exp.Expr:
    """from_unixtime gives a timestamp(3): seconds are rounded to milliseconds."""
    if node.args.get("scale") is not None or node.args.get("zone") is not None:
        return node
    seconds = exp.cast(node.this.copy(), "double")
    return _call("to_timestamp", _call("round", seconds, exp.Literal.number(3)))


def _anonymous(node: exp.Expr) -> exp.Expr:
    name, args = node.name.lower(), node.expressions
    if name in ("at_timezone", "with_timezone") and len(args) == 2:
        return _in_utc(args[0], args[1])
    if name == "format_datetime" and len(args) == 2:
        return _call("strftime", args[0], _strftime_format(args[1]))
    if name in _TERADATA and len(args) == 2:
        return _TERADATA[name](args[0], _strftime_format(args[1], teradata.strftime_format))
    return _call("trino_millisecond", *args) if name == "millisecond" else node


def _call(name: str, *args: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(args))


def _strftime_format(
    pattern: exp.Expr, translate: Callable[[str], str] = joda.strftime_format
) -> exp.Expr:
    if not pattern.is_string:
        raise not_supported("a computed date pattern", "write the pattern as a string literal")
    return exp.Literal.string(translate(pattern.name))


def _refuse_foreign(node: exp.Expr, sql: str) -> None:
    found = _FOREIGN.get(type(node))
    word = found(node) if found else None
    if word:
        at = re.search(rf"\b{word}\b", sql, re.IGNORECASE)
        where = place(sql, at.start()) if at else None
        raise QueryFailed("SYNTAX_ERROR", f"mismatched input '{word}': not in Athena", at=where)


def _foreign_join(node: exp.Expr) -> str | None:
    words = {node.text("method").upper(), node.text("kind").upper()}
    return next(iter(words & {"ASOF", "SEMI", "ANTI", "POSITIONAL"}), None)


def _foreign_star(node: exp.Expr) -> str | None:
    parts = {"except_": "EXCLUDE", "replace": "REPLACE", "rename": "RENAME"}
    return next((word for part, word in parts.items() if node.args.get(part)), None)


_TERADATA: dict[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "to_timestamp": lambda text, form: _call("strptime", text, form),
    "to_date": lambda text, form: exp.cast(_call("strptime", text, form), "date"),
}
_Rule = Callable[[exp.Expr], exp.Expr]
_RULES: dict[type[exp.Expr], _Rule] = {
    exp.ArgMax: _arg_best,
    exp.ArgMin: _arg_best,
    exp.Struct: _row,
    exp.DateDiff: _date_diff,
    exp.DateAdd: _date_add,
    exp.Add: _plus_interval,
    exp.Sub: _plus_interval,
    exp.AtTimeZone: _at_time_zone,
    exp.ParseDatetime: _parse_datetime,
    exp.FromISO8601Timestamp: _iso_timestamp,
    exp.UnixToTime: _unix_time,
    exp.Anonymous: _anonymous,
}
_FOREIGN: dict[type[exp.Expr], Callable[[exp.Expr], str | None]] = {
    exp.Select: lambda node: None if node.expressions else "FROM",
    exp.Qualify: lambda _: "QUALIFY",
    exp.ILike: lambda _: "ILIKE",
    exp.Pivot: lambda _: "PIVOT",
    exp.Join: _foreign_join,
    exp.Star: _foreign_star,
    exp.Distinct: lambda node: "ON" if node.args.get("on") else None,
    exp.Group: lambda node: "ALL" if node.args.get("all") else None,
}
