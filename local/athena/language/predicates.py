"""Conditions of OPTIMIZE … WHERE as Iceberg's own, by which files are chosen from metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyiceberg import expressions
from pyiceberg.expressions import BooleanExpression
from pyiceberg.schema import Schema
from sqlglot import exp

from local.athena.errors import QueryFailed, not_supported

_iceberg: Any = expressions  # its classes take names and values that their types do not tell
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "EqualTo",
    exp.NEQ: "NotEqualTo",
    exp.LT: "LessThan",
    exp.LTE: "LessThanOrEqual",
    exp.GT: "GreaterThan",
    exp.GTE: "GreaterThanOrEqual",
}


def file_filter(tree: exp.Expr, schema: Schema) -> BooleanExpression:
    """The condition in Iceberg's terms; columns are found whatever their case.

    Raises:
        QueryFailed: it names a column that does not exist, or has more than these: columns compared
            with constants, AND, OR, NOT, IN, BETWEEN and IS NULL.
    """
    rule = _RULES.get(type(tree))
    if rule is None:
        raise _refused(tree)
    return rule(tree, schema)


def _compared(tree: exp.Expr, schema: Schema) -> BooleanExpression:
    made: BooleanExpression = getattr(_iceberg, _COMPARISONS[type(tree)])(
        _column(tree.this, schema), _constant(tree.expression)
    )
    return made


def _in(tree: exp.Expr, schema: Schema) -> BooleanExpression:
    if not tree.expressions:  # IN (SELECT …)
        raise _refused(tree)
    values = {_constant(each) for each in tree.expressions}
    made: BooleanExpression = _iceberg.In(_column(tree.this, schema), values)
    return made


def _between(tree: exp.Expr, schema: Schema) -> BooleanExpression:
    column = _column(tree.this, schema)
    low, high = _constant(tree.args["low"]), _constant(tree.args["high"])
    made: BooleanExpression = _iceberg.And(
        _iceberg.GreaterThanOrEqual(column, low), _iceberg.LessThanOrEqual(column, high)
    )
    return made


def _is(tree: exp.Expr, schema: Schema) -> BooleanExpression:
    if not isinstance(tree.expression, exp.Null):
        raise _refused(tree)
    made: BooleanExpression = _iceberg.IsNull(_column(tree.this, schema))
    return made


def _column(tree: exp.Expr, schema: Schema) -> str:
    if not isinstance(tree, exp.Column):
        raise _refused(tree)
    names = {name.lower(): name for name in schema.column_names}
    if tree.name.lower() not in names:
        raise QueryFailed("COLUMN_NOT_FOUND", f"Column '{tree.name}' cannot be resolved")
    return names[tree.name.lower()]


def _constant(tree: exp.Expr) -> object:
    """A literal's value; dates and timestamps as the texts that Iceberg reads."""
    match tree:
        case exp.Cast() if isinstance(tree.this, exp.Literal):
            return tree.this.name.replace(" ", "T")
        case exp.Literal():
            return tree.name if tree.is_string else _number(tree.name)
        case exp.Neg() if isinstance(tree.this, exp.Literal) and not tree.this.is_string:
            return -_number(tree.this.name)
        case exp.Boolean():
            return bool(tree.this)
    raise _refused(tree)


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)


def _refused(tree: exp.Expr) -> QueryFailed:
    return not_supported(
        f"the condition {tree.sql('trino')} of OPTIMIZE",
        "compare columns with constants, joined by AND, OR, NOT, IN, BETWEEN, IS NULL",
    )


_RULES: dict[type[exp.Expr], Callable[[Any, Schema], BooleanExpression]] = {
    **dict.fromkeys(_COMPARISONS, _compared),
    exp.Paren: lambda tree, schema: file_filter(tree.this, schema),
    exp.And: lambda tree, schema: _iceberg.And(
        file_filter(tree.left, schema), file_filter(tree.right, schema)
    ),
    exp.Or: lambda tree, schema: _iceberg.Or(
        file_filter(tree.left, schema), file_filter(tree.right, schema)
    ),
    exp.Not: lambda tree, schema: _iceberg.Not(file_filter(tree.this, schema)),
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
}
