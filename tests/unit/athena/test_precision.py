"""Fraction digits of times follow from the query and its tables' types."""

import pytest

from local.athena.language.parsing import query
from local.athena.language.precision import output_columns

TABLES = {
    "hive": ([("id", 3), ("at", 3)]),
    "ice": ([("id", 6), ("seen", 6), ("zoned", 6)]),
}


def digits(sql):
    found = output_columns(query(sql), lambda table: TABLES[table.name.lower()])
    return None if found is None else [each for _, each in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("at", 3),
        ("h.AT", 3),
        ("seen", 6),
        ("CAST(seen AS timestamp)", 3),
        ("CAST(at AS timestamp(6))", 6),
        ("TRY_CAST(zoned AS timestamp(0) with time zone)", 0),
        ("TIMESTAMP '2024-01-01 00:00:00'", 3),
        ("TIMESTAMP '2024-01-01 00:00:00.123456'", 6),
        ("current_timestamp", 3),
        ("current_timestamp(6)", 6),
        ("localtimestamp", 3),
        ("from_iso8601_timestamp('2024-01-01T00:00:00Z')", 3),
        ("from_iso8601_timestamp_nanos('2024-01-01T00:00:00Z')", 9),
        ("from_unixtime(1)", 3),
        ("from_unixtime_nanos(1)", 9),
        ("date_parse('2024', '%Y')", 3),
        ("to_timestamp('2024-01-01', 'yyyy-mm-dd')", 3),
        ("date_trunc('day', seen)", 6),
        ("date_add('day', 1, seen)", 6),
        ("seen + interval '1' day", 6),
        ("zoned AT TIME ZONE 'UTC'", 6),
        ("at_timezone(zoned, 'UTC')", 6),
        ("max(seen)", 6),
        ("max_by(at, seen)", 3),
        ("coalesce(at, seen)", 6),
        ("if(seen > at, at)", 3),
        ("CASE WHEN seen IS NULL THEN at ELSE current_timestamp END", 3),
        ("lag(at) OVER (ORDER BY seen)", 3),
        ("array_agg(seen)", 6),
        ("(SELECT max(seen) FROM ice)", 6),
        ("seen > at", None),
        ("1", None),
    ],
)
def test_an_expression_has_the_digits_of_its_type(expression, expected):
    assert digits(f"SELECT {expression} AS x FROM hive h JOIN ice i ON h.id = i.id") == [expected]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM hive", [3, 3]),
        ("SELECT i.*, h.at FROM hive h, ice i", [6, 6, 6, 3]),
        ("SELECT * FROM hive JOIN ice USING (id)", [3, 3, 6, 6]),
        ("SELECT at FROM hive UNION ALL SELECT seen FROM ice", [6]),
        ("WITH c AS (SELECT seen AS t FROM ice) SELECT t, * FROM c", [6, 6]),
        ("WITH c(t) AS (SELECT seen FROM ice) SELECT t FROM c", [6]),
        ("SELECT t FROM (SELECT CAST(seen AS timestamp) t FROM ice)", [3]),
        (
            "SELECT a, b FROM (VALUES (1, TIMESTAMP '2024-01-01 00:00:00.123456')) v(a, b)",
            [None, 6],
        ),
        ("SELECT n, at FROM hive CROSS JOIN UNNEST(sequence(1, 2)) AS u(n)", [None, 3]),
        ("SELECT * FROM ice WHERE id IN (SELECT id FROM hive)", [6, 6, 6]),
    ],
)
def test_a_query_has_the_digits_of_what_it_reads(sql, expected):
    assert digits(sql) == expected
