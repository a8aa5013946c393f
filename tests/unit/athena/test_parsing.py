"""Statements are told apart and taken apart; errors say where."""

import pytest

from local.athena.errors import QueryFailed
from local.athena.language.parsing import family, parse
from local.athena.language.statements import (
    Change,
    Command,
    CreateTableAs,
    Definition,
    Query,
    Unload,
)


@pytest.mark.parametrize(
    ("sql", "kind", "substatement"),
    [
        ("SELECT 1", Query, "SELECT"),
        ("-- first\n(SELECT 1) UNION ALL (SELECT 2);", Query, "SELECT"),
        ("VALUES (1, 2)", Query, "SELECT"),
        ("WITH a AS (SELECT 1 AS x) SELECT x FROM a", Query, "SELECT"),
        ("UNLOAD (SELECT 1 AS x) TO 's3://b/x' WITH (format = 'PARQUET')", Unload, "UNLOAD"),
        (
            "CREATE TABLE t WITH (format = 'PARQUET') AS SELECT 1 AS x",
            CreateTableAs,
            "CREATE_TABLE_AS_SELECT",
        ),
        ("CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/t'", Definition, "CREATE"),
        ("INSERT INTO t SELECT 1", Change, "INSERT"),
        ("DELETE FROM t WHERE a = 1", Change, "DELETE"),
        ("SHOW TABLES IN db", Command, "SHOW"),
        ("DESCRIBE `db`.`t`", Command, "DESCRIBE_TABLE"),
        ("MSCK REPAIR TABLE t", Command, "MSCK"),
    ],
)
def test_statements_are_told_apart(sql, kind, substatement):
    assert isinstance(parse(sql), kind)
    assert family(sql).substatement == substatement


def test_the_parts_of_unload_are_read_whatever_its_strings_hold():
    sql = (
        "UNLOAD (SELECT ')' AS a, 'TO ''x''' AS b) TO 's3://b/x' WITH (partitioned_by = ARRAY['b'])"
    )

    statement = parse(sql)

    assert statement.location == "s3://b/x"
    assert statement.properties == {"partitioned_by": ("b",)}
    assert [item.name for item in statement.query.expressions] == [")", "TO 'x'"] or (
        statement.query.named_selects == ["a", "b"]
    )


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "SYNTAX_ERROR: line 1:1: mismatched input '<EOF>'"),
        ("selec 1", "SYNTAX_ERROR: line 1:1: mismatched input 'selec'"),
        ("SELECT 1; SELECT 2", "SYNTAX_ERROR: line 1:9: Only one sql statement is allowed"),
        ("SELECT 'a", "SYNTAX_ERROR: line 1:8: mismatched input"),
        ("SELECT\n  a::int FROM t", "SYNTAX_ERROR: line 2:4: mismatched input '::'"),
        ("UNLOAD (SELECT 1 AS x) INTO 's3://b'", "SYNTAX_ERROR: line 1:24: mismatched input"),
        (
            "TRUNCATE t",
            "NOT_SUPPORTED: TRUNCATE is not supported by the local Athena; supported are",
        ),
        ("CREATE VIEW v AS SELECT 1", "NOT_SUPPORTED: this CREATE statement is not supported"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(sql, reason):
    with pytest.raises(QueryFailed) as refused:
        parse(sql)

    assert str(refused.value).startswith(reason)
