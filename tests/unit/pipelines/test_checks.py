"""Measures of staged rows against a literal computation, and what is judged of them."""

import math
import random
from collections import Counter
from dataclasses import replace
from statistics import median

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.offline.queries import QueryFailed
from larder.pipelines.checks.expectation import (
    COMPARED,
    KEYS,
    LEAST,
    MOST,
    ROWS,
    SHARES,
    Expectation,
    Kind,
)
from larder.pipelines.checks.judge import Counts, Measures, Result, judge
from larder.pipelines.checks.statement import MOST_NAMED, measures_statement, named_statement
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.sql.statement import Interval, newest_statement
from tests.support.examples import examples
from tests.support.pipelines import SCHEMA, TABLE, pipeline, random_stream
from tests.support.staged_runs import staged_in

ROW = pa.schema(
    [
        ("id", pa.string()),
        ("at", pa.int64()),
        ("x", pa.float64()),
        ("n", pa.int64()),
        ("s", pa.string()),
        ("l", pa.list_(pa.string())),
    ]
)
FOLDER = "s3://lake/run/rows/"
CHECKS = (
    Expectation(kind=Kind.UNIQUE, columns=("id", "at")),
    Expectation(kind=Kind.UNIQUE, columns=("s",)),
    Expectation(kind=Kind.SQL, computed="x > 1.5 OR n = 2"),
    Expectation(kind=Kind.MIN, feature="x", bound=-0.5),
    Expectation(kind=Kind.MIN, feature="n", bound=1),
    Expectation(kind=Kind.MAX, feature="x", bound=3),
    Expectation(kind=Kind.MAX, feature="n", bound=4.5),
    Expectation(kind=Kind.NULLS, feature="x"),
    Expectation(kind=Kind.NULLS, feature="s"),
    Expectation(kind=Kind.NULLS, feature="l"),
    Expectation(kind=Kind.ZEROS, feature="x"),
    Expectation(kind=Kind.ZEROS, feature="n"),
    Expectation(kind=Kind.IN, feature="s", values=("a", "it's", "é")),
    Expectation(kind=Kind.IN, feature="n", values=("0", "-1", "7")),
    Expectation(kind=Kind.ROWS_MIN, bound=1),
)


def some_rows(seed, most=60):
    dice = random.Random(seed)
    return [
        {
            "id": dice.choice([*"abcdef", "é"]),
            "at": dice.randrange(20),
            "x": dice.choice([None, 0.0, -0.0, -0.5, -0.500001, 1.5, 3.0, 3.0000001, math.inf]),
            "n": dice.choice([None, *range(-1, 8)]),
            "s": dice.choice([None, "a", "b", "it's", "é", ""]),
            "l": dice.choice([None, [], ["a"]]),
        }
        for _ in range(dice.randrange(1, most))
    ]


def failing(expected, row):
    """Whether a row fails a check, by the rule as it is written."""
    value = row.get(expected.feature)
    if expected.kind is Kind.SQL:
        parts = [None if row["x"] is None else row["x"] > 1.5]
        parts.append(None if row["n"] is None else row["n"] == 2)
        return True not in parts and None not in parts
    if expected.kind is Kind.NULLS:
        return value is None
    return (
        value is not None
        and {
            Kind.MIN: lambda: value < expected.bound,
            Kind.MAX: lambda: value > expected.bound,
            Kind.ZEROS: lambda: value == 0,
            Kind.IN: lambda: str(value) not in expected.values,
        }[expected.kind]()
    )


def of_columns(expected, rows):
    return Counter(tuple(row[column] for column in expected.columns) for row in rows)


@pytest.fixture
def staged(tmp_path):
    def write(rows, parts=2):
        folder = tmp_path / "lake/run/rows"
        folder.mkdir(parents=True, exist_ok=True)
        for part in range(parts):
            pq.write_table(pa.Table.from_pylist(rows[part::parts], ROW), folder / f"part{part}")
        return staged_in(tmp_path)

    return write


@pytest.mark.parametrize("seed", range(12))
def test_one_statement_measures_what_the_rules_say(staged, seed):
    rows = some_rows(seed)
    (found,) = staged(rows).select(FOLDER, measures_statement("id", CHECKS))
    assert (found["n"], found["k"]) == (len(rows), len({row["id"] for row in rows}))
    for place, each in enumerate(CHECKS[:-1]):
        if each.kind is Kind.UNIQUE:
            wanted = len(rows) - len(of_columns(each, rows))
        else:
            wanted = sum(failing(each, row) for row in rows)
        assert found[f"f{place}"] == wanted, each
        if each.kind in (Kind.MIN, Kind.MAX):
            values = [row[each.feature] for row in rows if row[each.feature] is not None]
            extreme = min if each.kind is Kind.MIN else max
            assert found[f"v{place}"] == extreme(values, default=None)


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_fail_are_named_by_their_identifiers(staged, seed):
    rows = some_rows(seed)
    select = staged(rows).select
    for each in CHECKS[:-1]:
        found = [row["k"] for row in select(FOLDER, named_statement("id", each))]
        if each.kind is Kind.UNIQUE:
            groups = {}
            for row in rows:
                groups.setdefault(tuple(row[c] for c in each.columns), []).append(row["id"])
            wanted = {min(of) for of in groups.values() if len(of) > 1}
        else:
            wanted = {row["id"] for row in rows if failing(each, row)}
        assert found == sorted(wanted), each
    assert named_statement("id", CHECKS[-1]) is None


def test_at_most_twenty_are_named(staged):
    rows = [{**some_rows(1, 2)[0], "id": f"k{number:03}", "n": 0} for number in range(99)]
    check = Expectation(kind=Kind.ZEROS, feature="n")
    found = staged(rows).select(FOLDER, named_statement("id", check))
    assert [each["k"] for each in found] == [f"k{number:03}" for number in range(MOST_NAMED)]


def test_a_value_that_is_no_number_is_above_every_bound(staged):
    rows = [{**some_rows(1, 2)[0], "x": math.nan}]
    check = Expectation(kind=Kind.MAX, feature="x", bound=5)
    (found,) = staged(rows).select(FOLDER, measures_statement("id", [check]))
    assert found["f0"] == 1


@pytest.mark.parametrize(
    ("condition", "error"),
    [("s > 3", "BinderException"), ("CAST(s AS BIGINT) > 3", "ConversionException")],
)
def test_a_condition_on_another_type_is_refused_without_the_values_that_it_met(
    staged, condition, error
):
    check = Expectation(kind=Kind.SQL, computed=condition)
    with pytest.raises(QueryFailed) as caught:
        staged([{**some_rows(1, 2)[0], "s": "secret"}]).select(
            FOLDER, measures_statement("id", [check])
        )
    assert error in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("hop", [0, HOUR])
@pytest.mark.parametrize("back", [MINUTE, 9 * HOUR, 30 * DAY])
def test_the_newest_event_is_that_of_the_interval_and_so_long_before_its_end(seed, hop, back):
    asked, stream = pipeline((), hop), random_stream(seed, hop)
    after, until = stream.interval.after, stream.interval.until
    text = translated(newest_statement(asked, stream.interval, back), Dialect.DUCKDB)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'; CREATE SCHEMA raw")
        database.register("given", pa.Table.from_pylist(stream.events, SCHEMA))
        database.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM given")
        ((found,),) = database.execute(text).fetchall()
    seen = [e["t"] for e in stream.events if min(after, until - back) < e["t"] <= until]
    assert found == max(seen, default=None)


def measured(rows=10, keys=5, newest=None, earlier=(), **of_checks):
    return Measures(
        interval=Interval(0, 100 * MINUTE),
        rows=rows,
        keys=keys,
        newest=newest,
        earlier=earlier,
        of_checks=of_checks,
    )


def result(expected, measures):
    return judge(expected, 0, measures).result


@pytest.mark.parametrize("kind", sorted((ROWS | KEYS) - COMPARED))
def test_a_bound_of_a_count_is_allowed_and_one_beyond_it_is_not(kind):
    expected = Expectation(kind=kind, bound=7)
    beyond = 6 if kind in LEAST else 8
    count = "rows" if kind in ROWS else "keys"
    assert result(expected, measured(**{count: 7})) is Result.PASSED
    assert result(expected, measured(**{count: beyond})) is Result.FAILED


@examples(0.3)
@given(
    st.lists(st.integers(0, 1000), max_size=8),
    st.integers(0, 1500),
    st.integers(1, 6),
    st.sampled_from([0, 10, 33.3, 50, 150]),
)
def test_counts_are_compared_with_the_median_of_the_last_runs(earlier, count, runs, within):
    expected = Expectation(kind=Kind.ROWS_COMPARED, bound=within, runs=runs)
    counts = [Counts(each, None) for each in earlier]
    found = result(expected, measured(rows=count, earlier=counts))
    if len(earlier) < runs or median(earlier[:runs]) == 0:
        assert found is Result.NOT_JUDGED
        return
    middle = median(earlier[:runs])
    # whole numbers: no rounding may decide
    is_within = abs(count - middle) * 1000 <= round(within * 10) * middle
    assert found is (Result.PASSED if is_within else Result.FAILED)


def test_runs_of_an_older_release_have_no_keys_to_compare_with():
    expected = Expectation(kind=Kind.KEYS_COMPARED, bound=50, runs=2)
    earlier = [Counts(5, None), Counts(5, 5), Counts(5, 5)]
    assert result(expected, measured(earlier=earlier)) is Result.PASSED
    assert result(expected, measured(earlier=earlier[:2])) is Result.NOT_JUDGED


@pytest.mark.parametrize("kind", sorted(SHARES))
@pytest.mark.parametrize(
    ("share", "rows", "most"), [(0, 10, 0), (0.1, 3000, 3), (0.57, 10_000, 57), (100, 7, 7)]
)
def test_a_share_is_the_decimal_number_that_is_written(kind, share, rows, most):
    expected = Expectation(kind=kind, feature="x", bound=share)
    assert result(expected, measured(rows, f0=most)) is Result.PASSED
    if most < rows:
        assert result(expected, measured(rows, f0=most + 1)) is Result.FAILED


@pytest.mark.parametrize(
    ("newest", "found"),
    [
        (None, Result.FAILED),
        (90 * MINUTE, Result.FAILED),
        (90 * MINUTE + 1, Result.PASSED),
        (100 * MINUTE, Result.PASSED),
    ],
)
def test_an_event_is_fresh_within_the_length_before_the_intervals_end(newest, found):
    expected = Expectation(kind=Kind.FRESHNESS, bound=10 * MINUTE)
    assert result(expected, measured(newest=newest)) is found


OF_ROWS = sorted(set(Kind) - ROWS - KEYS - {Kind.FRESHNESS})


@pytest.mark.parametrize("kind", OF_ROWS)
def test_where_there_are_no_rows_their_values_are_not_judged(kind):
    expected = Expectation(kind=kind, feature="x")
    assert result(expected, measured(rows=0)) is Result.NOT_JUDGED


@pytest.mark.parametrize("kind", sorted({Kind.MIN, Kind.MAX}))
def test_bounds_of_a_feature_without_values_are_not_judged(kind):
    expected = Expectation(kind=kind, feature="x", bound=1)
    assert result(expected, measured(f0=0, v0=None)) is Result.NOT_JUDGED
    assert result(expected, measured(f0=0, v0=1)) is Result.PASSED
    assert result(expected, measured(f0=1, v0=9)) is Result.FAILED


def test_every_kind_has_words_for_its_bound_and_its_title():
    named = {
        each: Expectation(kind=each, bound=5, feature="x" if each in LEAST | MOST else "")
        for each in Kind
    }
    assert len({each.limit for each in named.values()}) >= 8
    assert replace(named[Kind.UNIQUE], columns=("a", "b")).title == "unique [a, b]"
    assert named[Kind.MAX].title == "x max"
