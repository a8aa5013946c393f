"""From a statement's text to its parts.

Queries are parsed as Trino's, Hive's DDL as Hive's; commands are read token by token.
"""

from __future__ import annotations

from typing import NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.athena.errors import QueryFailed, not_supported
from local.athena.language.lexer import Reader, place
from local.athena.language.statements import (
    Change,
    Command,
    CreateTableAs,
    Definition,
    Family,
    Properties,
    Query,
    Statement,
    Unload,
)

_SUPPORTED = (
    "supported are SELECT, VALUES, UNLOAD, CREATE TABLE [AS], INSERT INTO, DELETE, UPDATE, MERGE, "
    "DROP TABLE, CREATE/DROP DATABASE, ALTER TABLE ADD PARTITION or SET TBLPROPERTIES, "
    "MSCK REPAIR TABLE, OPTIMIZE, VACUUM, SHOW, DESCRIBE"
)

_FAMILIES = {
    "select": Family("DML", "SELECT"),
    "with": Family("DML", "SELECT"),
    "values": Family("DML", "SELECT"),
    "(": Family("DML", "SELECT"),
    "unload": Family("DML", "UNLOAD"),
    "insert": Family("DML", "INSERT"),
    "delete": Family("DML", "DELETE"),
    "update": Family("DML", "UPDATE"),
    "merge": Family("DML", "MERGE"),
    "show": Family("UTILITY", "SHOW"),
    "describe": Family("UTILITY", "DESCRIBE_TABLE"),
    "desc": Family("UTILITY", "DESCRIBE_TABLE"),
    "explain": Family("UTILITY", "EXPLAIN"),
}
_COMMANDS = {"show", "describe", "desc", "msck", "drop", "alter", "optimize", "vacuum"}
_UNSUPPORTED = {
    *("explain", "prepare", "execute", "deallocate", "truncate", "analyze"),
    *("grant", "revoke", "call", "use", "set", "reset", "table"),
}


def family(sql: str) -> Family:
    """What kind of statement the text begins, even if it is wrong further on."""
    try:
        reader = Reader(sql)
        first = reader.next("word", "symbol").value
        create_table = first == "create" and reader.take("table")
    except QueryFailed:
        return Family("DML", "SELECT")
    if create_table and _is_ctas(sql):
        return Family("DDL", "CREATE_TABLE_AS_SELECT")
    return _FAMILIES.get(first, Family("DDL", first.upper()))


def parse(sql: str) -> Statement:
    """Parse one statement, its parameters already bound.

    Raises:
        QueryFailed: SYNTAX_ERROR at its place, or NOT_SUPPORTED naming what is.
    """
    reader = Reader(sql)
    first = reader.next("word", "symbol").value
    if first in ("select", "with", "values", "("):
        return Query(query(sql))
    if first == "unload":
        return _unload(reader)
    if first in ("insert", "delete", "update", "merge"):
        tree = _tree(sql, "trino")
        if isinstance(tree, exp.Insert | exp.Delete | exp.Update | exp.Merge):
            return Change(tree)
    if first == "create":
        return _create(sql, reader)
    if first in _COMMANDS:
        second = reader.next("word", "quoted").value if not reader.at_end else ""
        return Command((first, second))
    if first in _UNSUPPORTED:
        raise not_supported(first.upper(), _SUPPORTED)
    return _mismatch(sql)


def query(sql: str) -> exp.Query:
    """Parse a query in Trino's dialect."""
    tree = _tree(sql, "trino")
    if isinstance(tree, exp.Values):
        tree = exp.select("*").from_(exp.alias_(tree, "t", table=True))
    if not isinstance(tree, exp.Query):
        _mismatch(sql)
    return tree


def condition(sql: str) -> exp.Expr:
    """Parse what follows WHERE."""
    return _tree(sql, "trino")


def _create(sql: str, reader: Reader) -> Statement:
    if reader.take("database") or reader.take("schema"):
        return Command(("create", "database"))
    if _is_ctas(sql):
        return _create_table_as(Reader(sql))
    reader.take("external")
    if not reader.take("table"):
        raise not_supported("this CREATE statement", _SUPPORTED)
    tree = _tree(sql, "athena")
    if not isinstance(tree, exp.Create):
        _mismatch(sql)
    return Definition(tree)


def _is_ctas(sql: str) -> bool:
    """Whether the text reads CREATE TABLE name [WITH (…)] AS, whatever follows."""
    reader = Reader(sql)
    try:
        reader.expect("create", "table")
        reader.take("if", "not", "exists")
        reader.name()
        if reader.take("with"):
            reader.parenthesised()
        return reader.take("as")
    except QueryFailed:
        return False


def _create_table_as(reader: Reader) -> CreateTableAs:
    reader.expect("create", "table")
    if_not_exists = reader.take("if", "not", "exists")
    table = reader.name()
    properties = read_properties(reader) if reader.take("with") else {}
    reader.expect("as")
    without_data = reader.cut("with", "no", "data")
    reader.cut("with", "data")
    return CreateTableAs(table, query(reader.rest()), properties, not without_data, if_not_exists)


def _unload(reader: Reader) -> Unload:
    text = reader.parenthesised()
    reader.expect("to")
    location = reader.next("string").value
    properties = read_properties(reader) if reader.take("with") else {}
    reader.finish()
    return Unload(query(text), location, properties)


def read_properties(reader: Reader) -> Properties:
    """Read ``(key = value, …)``."""
    found: dict[str, str | tuple[str, ...]] = {}
    reader.expect("(")
    while True:
        key = reader.next("word", "string").value.lower()
        reader.expect("=")
        found[key] = _property_value(reader)
        if reader.take(")"):
            return found
        reader.expect(",")


def _property_value(reader: Reader) -> str | tuple[str, ...]:
    if not reader.take("array", "["):
        return reader.next("string", "number", "word").value
    values = [reader.next("string").value]
    while reader.take(","):
        values.append(reader.next("string").value)
    reader.expect("]")
    return tuple(values)


def _tree(sql: str, dialect: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql.rstrip().rstrip(";"), read=dialect)
    except SqlglotError as error:
        details = getattr(error, "errors", [])
        if not details:
            raise QueryFailed("SYNTAX_ERROR", str(error)) from None
        at = (details[0]["line"], max(1, details[0]["col"] - len(details[0]["highlight"]) + 1))
        message = f"mismatched input '{details[0]['highlight']}': {details[0]['description']}"
        raise QueryFailed("SYNTAX_ERROR", message, at=at) from None
    if isinstance(tree, exp.Command) or not isinstance(tree, exp.Expr):
        _mismatch(sql)
    return tree


def _mismatch(sql: str) -> NoReturn:
    token = Reader(sql).next("word", "symbol", "string", "number", "quoted")
    message = f"mismatched input '{token.text}'; {_SUPPORTED}"
    raise QueryFailed("SYNTAX_ERROR", message, at=place(sql, token.start))
