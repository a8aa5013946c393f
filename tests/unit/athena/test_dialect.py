"""Expressions give on DuckDB what they give on Athena; what Athena has not is refused."""

from datetime import UTC, date, datetime

import duckdb
import pytest

from local.athena.errors import QueryFailed
from local.athena.language.dialect import column_names, name_columns, to_duckdb
from local.athena.language.macros import MACROS
from local.athena.language.parsing import query

ROWS = "FROM (VALUES (1, 10), (NULL, 20), (3, NULL)) AS t(a, b)"


@pytest.fixture(scope="module")
def connection():
    opened = duckdb.connect()
    opened.execute("SET timezone = 'UTC'; SET integer_division = true")
    for macro in MACROS:
        opened.execute(f"CREATE MACRO {macro}")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 / 2", 3),
        ("7.0 / 2", 3.5),
        ("max_by(a, b)", None),  # DuckDB's arg_max would skip the null and give 1
        ("min_by(a, b)", 1),
        ("max_by(CAST(ROW(a, b) AS ROW(x bigint, y bigint)), b).y", 20),
        ("from_iso8601_timestamp('2026-01-02T03:04:05Z')", datetime(2026, 1, 2, 3, 4, 5, 0, UTC)),
        (
            "from_iso8601_timestamp('2026-01-02T03:04:05.123999Z')",
            datetime(2026, 1, 2, 3, 4, 5, 123_000, UTC),
        ),
        (
            "from_iso8601_timestamp_nanos('2026-01-02T03:04:05.123456Z')",
            datetime(2026, 1, 2, 3, 4, 5, 123_456, UTC),
        ),
        ("from_unixtime(1.5)", datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)),
        ("from_unixtime(1.0006)", datetime(1970, 1, 1, 0, 0, 1, 1000, UTC)),
        (
            "to_timestamp('2026-01-02 13:04:05', 'yyyy-mm-dd hh24:mi:ss')",
            datetime(2026, 1, 2, 13, 4, 5),
        ),
        ("to_timestamp('02/01/26', 'dd/mm/yy')", datetime(2026, 1, 2)),
        ("to_date('2026.01.02', 'yyyy.mm.dd')", date(2026, 1, 2)),
        ("to_unixtime(TIMESTAMP '1970-01-01 00:00:01.500')", 1.5),
        ("date_parse('2026-01-02 03:04', '%Y-%m-%d %H:%i')", datetime(2026, 1, 2, 3, 4)),
        ("format_datetime(TIMESTAMP '2026-01-02 03:04:05', 'yyyy-MM-dd''T''HH')", "2026-01-02T03"),
        ("parse_datetime('2026/01/02', 'yyyy/MM/dd')", datetime(2026, 1, 2, tzinfo=UTC)),
        ("date_add('day', 1, DATE '2026-01-31')", date(2026, 2, 1)),
        ("date_add('hour', -1, TIMESTAMP '2026-01-01 00:00:00')", datetime(2025, 12, 31, 23)),
        ("DATE '2026-01-01' - INTERVAL '1' DAY", date(2025, 12, 31)),
        ("date_diff('day', TIMESTAMP '2026-01-01 23:00:00', TIMESTAMP '2026-01-02 01:00:00')", 0),
        ("millisecond(TIMESTAMP '2026-01-01 00:00:05.678')", 678),
        ("TIMESTAMP '2026-01-01 00:00:00' AT TIME ZONE 'UTC'", datetime(2026, 1, 1, tzinfo=UTC)),
        ("to_iso8601(DATE '2026-01-02')", "2026-01-02"),
        ("element_at(map_agg(coalesce(b, 0), a), 10)", 1),
        ("try(CAST('x' AS bigint))", None),
        ("json_extract_scalar('{\"a\": \"x\"}', '$.a')", "x"),
        ("substr('2026-01-02T', 1, 4) || rpad('5', 3, '0')", "2026500"),
        ("count_if(b > 10)", 1),
        ("concat('a', NULL)", None),
    ],
)
def test_an_expression_has_trinos_value(connection, expression, value):
    needs_rows = any(word in expression for word in ("_by", "_agg", "count_if"))
    parsed = query(f"SELECT {expression} {ROWS if needs_rows else ''}")

    assert connection.execute(to_duckdb(parsed, "")).fetchone() == (value,)


def test_columns_without_a_name_are_numbered_from_zero(connection):
    parsed = query(
        "SELECT a, count(*), CAST(a AS double), a AS z, t.* FROM (SELECT 1 AS a) AS t GROUP BY 1"
    )
    name_columns(parsed)

    names = [entry[0] for entry in connection.execute(to_duckdb(parsed, "")).description]

    assert column_names(names) == ["a", "_col1", "_col2", "z", "a"]


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("SELECT a FROM t ASOF JOIN u ON t.x >= u.x", "ASOF"),
        ("SELECT * EXCLUDE (a) FROM t", "EXCLUDE"),
        ("SELECT a FROM t GROUP BY ALL", "ALL"),
        ("SELECT DISTINCT ON (a) a FROM t", "ON"),
        ("SELECT a FROM t WHERE a ILIKE 'x'", "ILIKE"),
        ("SELECT FROM t", "FROM"),
    ],
)
def test_duckdbs_own_syntax_is_refused_at_its_place(sql, word):
    with pytest.raises(QueryFailed, match="SYNTAX_ERROR") as refused:
        to_duckdb(query(sql), sql)

    assert f"line 1:{sql.index(word) + 1}: mismatched input '{word}'" in str(refused.value)


@pytest.mark.parametrize(
    "expression",
    [
        "TIMESTAMP '2026-01-01 00:00:00' AT TIME ZONE 'Europe/Berlin'",
        "format_datetime(current_timestamp, 'xxxx')",
        "format_datetime(current_timestamp, lower('YYYY'))",
        "to_timestamp('x', 'YYYY')",
        "to_timestamp('x', lower('YYYY'))",
    ],
)
def test_what_duckdb_would_do_otherwise_is_not_supported(expression):
    with pytest.raises(QueryFailed, match=r"NOT_SUPPORTED: .*; "):
        to_duckdb(query(f"SELECT {expression}"), "")
