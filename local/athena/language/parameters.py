"""Execution parameters: values in place of a statement's ``?``.

A parameter is the text of one SQL literal, as Athena defines it (``"1"``, ``"'it''s'"``, ``"DATE
'2026-01-01'"``). It is parsed, must be nothing but a literal, and is written again from what was
parsed. So no parameter can add anything else to the statement.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.athena.errors import QueryFailed
from local.athena.language.lexer import tokens

_LITERALS = (exp.Literal, exp.Boolean, exp.Null)


def bind(sql: str, parameters: Sequence[str]) -> str:
    """The statement with each ``?`` outside strings, names and comments replaced, in order.

    Raises:
        QueryFailed: more or fewer parameters than ``?``, or one that is not a literal.
    """
    places = [token for token in tokens(sql) if token.text == "?"]
    if len(places) != len(parameters):
        raise QueryFailed(
            "INVALID_PARAMETER_USAGE",
            f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}",
            at=(1, 1),
        )
    pieces, end = [], 0
    for token, parameter in zip(places, parameters, strict=True):
        pieces += [sql[end : token.start], literal(parameter)]
        end = token.end
    return "".join([*pieces, sql[end:]])


def literal(parameter: str) -> str:
    """The parameter as an Athena literal, written again.

    Raises:
        QueryFailed: it is anything but one literal.
    """
    refused = QueryFailed(
        "INVALID_PARAMETER_USAGE",
        f"execution parameter {parameter!r} is not a literal; give a number, a string in single "
        "quotes with its own single quotes doubled, true, false, null, DATE '…' or TIMESTAMP '…'",
    )
    try:
        parsed = tokens(parameter) and sqlglot.parse_one(parameter, read="trino")
    except (SqlglotError, QueryFailed):
        raise refused from None
    if not (isinstance(parsed, exp.Expr) and _is_literal(parsed)):
        raise refused
    return parsed.sql(dialect="trino", comments=False)


def _is_literal(node: exp.Expr) -> bool:
    if isinstance(node, exp.Neg):
        return isinstance(node.this, exp.Literal) and not node.this.is_string
    if isinstance(node, exp.Cast):
        return _is_literal(node.this)
    return isinstance(node, _LITERALS)
