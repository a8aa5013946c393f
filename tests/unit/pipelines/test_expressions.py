"""SQL of definitions: what is accepted, and what is refused with which words."""

import pytest

from larder.pipelines.expressions import RefusedSql, parse_select, parse_value


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("amount", {"amount"}),
        ('"Amount" > 3 AND NOT (b IS NULL)', {"amount", "b"}),
        ("CASE WHEN a > 1 THEN b ELSE 0 END", {"a", "b"}),
        ("CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0)", {"a", "b"}),
        ("a / 6E1", {"a"}),
        ("MOD(a, 10) = 3", {"a"}),
        ("coalesce(a, 'none') || lower(b)", {"a", "b"}),
        ("a IN ('x', 'y') OR a LIKE 'z%'", {"a"}),
        ("day >= DATE '2024-01-01'", {"day"}),
        ("substring(a, 2, 3) IS DISTINCT FROM b", {"a", "b"}),
        ("true", set()),
    ],
)
def test_what_engines_compute_alike_is_accepted(text, columns):
    assert parse_value(text).columns == columns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("now()", "gives another value at each run"),
        ("current_date > day", "gives another value at each run"),
        ("random()", "gives another value at each run"),
        ("uuid()", "gives another value at each run"),
        ("sum(a)", r"SUM\(a\) is not allowed: use operators, abs"),
        ("my_own(a)", "MY_OWN"),
        ("a / b", r"engines divide differently; write CAST\(a AS DOUBLE\) / NULLIF"),
        ("a / 60", "engines divide differently"),
        ("a / 0E1", "engines divide differently"),
        ("mod(a, b)", "the divisor of mod must be a number"),
        ("round(a, 2)", "engines round digits differently"),
        ("substring(a, -1)", "substring must start at a number from 1"),
        ("a LIKE 'x\\_%'", "a backslash in a pattern"),
        ("cast(a as timestamp)", "cast to one of BIGINT"),
        ("a IN (SELECT b FROM c)", "SELECT b FROM c"),
        ("t.a", "t.a names a table: write the column's name alone"),
        ("a; DROP TABLE b", "one expression, without ';'"),
        ("DELETE FROM a", "DELETE FROM a is not allowed"),
        ("(a", "not SQL in Athena's dialect"),
        ("", "one expression"),
        ("a" * 4001, "it has 4001 characters, and 4000 are allowed"),
        ("x -> x + 1", "is not allowed"),
        ("a[1]", "is not allowed"),
        ("greatest(a, b)", "is not allowed"),
        ("concat(a, b)", "is not allowed"),
        ("regexp_like(a, 'x')", "is not allowed"),
        ("count(*) OVER ()", "is not allowed"),
        ("ln(a)", "is not allowed"),
        ("INTERVAL '1' DAY", "is not allowed"),
    ],
)
def test_what_engines_compute_differently_is_refused(text, words):
    with pytest.raises(RefusedSql, match=words):
        parse_value(text)


def test_comments_do_not_reach_a_statement():
    assert parse_value("a -- ; DROP TABLE b\n").text == "a"
    assert parse_value("a /* x */ + 1").text == "a + 1"


def test_a_select_tells_its_tables_and_columns():
    found = parse_select("SELECT f.a, g.B AS c FROM raw.F AS f LEFT JOIN raw.g ON f.a = g.a")
    assert found.tables == {"raw.f", "raw.g"}
    assert found.outputs == {"a", "c"}
    assert parse_select("SELECT * FROM raw.f").outputs is None
    common = parse_select("WITH x AS (SELECT a FROM raw.f) SELECT a FROM x")
    assert common.tables == {"raw.f"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("INSERT INTO a.b SELECT 1", "is not a SELECT"),
        ("a", "is not a SELECT"),
        ("SELECT a FROM b.c; SELECT 1", "without ';'"),
        ("SELECT DISTINCT a FROM b.c", "it has DISTINCT"),
        ("SELECT count(*) AS n FROM b.c", "is not allowed"),
        ("SELECT a FROM b.c GROUP BY a", "is not allowed"),
        ("SELECT a FROM b.c LIMIT 3", "is not allowed"),
        ("SELECT a FROM b.c TABLESAMPLE BERNOULLI (10)", "is not allowed"),
        ("SELECT a FROM b.c WHERE day < current_date", "another value at each run"),
        ("SELECT a FROM other.b.c", "name tables as database.table"),
        ("SELECT a FROM UNNEST(ARRAY[1])", "is not allowed"),
    ],
)
def test_other_statements_are_refused(text, words):
    with pytest.raises(RefusedSql, match=words):
        parse_select(text)
