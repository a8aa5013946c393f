"""A pipeline's statement gives on Spark the bits that DuckDB and the rules give.

Not in `make test`, for the reasons of ``test_as_of_on_spark``; `make spark` and `make soak` run it.
"""

import shutil
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.pipelines.definition import Function, TimeUnit
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Interval, Shape, statement
from tests.support.pipelines import (
    SCHEMA,
    all_functions,
    expected,
    feature,
    on_duckdb,
    pipeline,
    random_streams,
)
from tests.support.spark import run_cases

EVERYTHING = Interval(-(10**15), 2 * 10**15)
STREAMS = list(range(25))
CASES = {
    "at-events": (pipeline(all_functions((HOUR, 7 * DAY))), TimeUnit.MICROSECONDS),
    "hourly": (pipeline(all_functions((HOUR, DAY)), HOUR), TimeUnit.TIMESTAMP),
    "daily": (pipeline(all_functions((DAY,)), DAY), TimeUnit.ISO8601),
}

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 on the PATH"),
]


def in_unit(rows, unit):
    """The table with its instants stated in a unit."""
    if unit is TimeUnit.MICROSECONDS:
        return rows
    stamps = rows.column("t").cast(pa.timestamp("us"))
    if unit is TimeUnit.ISO8601:
        texts = [f"{each.isoformat(timespec='microseconds')}Z" for each in stamps.to_pylist()]
        return rows.set_column(1, "t", pa.array(texts))
    return rows.set_column(1, "t", stamps)


def write_case(folder, asked, unit, events):
    folder.mkdir()
    source = replace(asked.source, unit=unit, table="larder_dev.events")
    text = statement(replace(asked, source=source), EVERYTHING, Shape.DELTA)
    (folder / "query.sql").write_text(translated(text, Dialect.SPARK))
    (folder / "ansi").touch()
    pq.write_table(in_unit(pa.Table.from_pylist(events, SCHEMA), unit), folder / "events.parquet")


def test_spark_computes_what_duckdb_and_the_rules_give(tmp_path):
    events = random_streams(STREAMS).events
    for name, (asked, unit) in CASES.items():
        write_case(tmp_path / name, asked, unit, events)
    found = run_cases(tmp_path)
    for name, (asked, _) in CASES.items():
        names = [each.name for each in asked.features]
        rows = {(row[0], row[1]): dict(zip(names, row[2:], strict=True)) for row in found[name]}
        assert len(rows) == len(found[name]) > 200
        rules = expected(asked, events, EVERYTHING)
        assert rows == rules, name
        assert rows == on_duckdb(asked, events, EVERYTHING), name


HOT = f"""SELECT CASE WHEN n % 5 = 0 THEN 'hot' ELSE 'c' || (n * 7919 % 20000) END AS k,
    (n * 7368787 % {{count}}) * ({60 * DAY} // {{count}}) AS t, n AS number,
    n % 500 / 4.0 AS x, n % 50 AS n, 'x' AS city FROM RANGE({{count}}) AS r(n)"""
SMALL, LARGE = 100_000, 500_000


def write_measured(folder, count):
    """A case that is measured: windows of a week, a fifth of the events of one identifier."""
    functions = (Function.COUNT, Function.SUM, Function.AVG, Function.STDDEV)
    features = [
        feature(f"{each}_{window}", each, window, "x", scale=2)
        for window in (HOUR, DAY, 7 * DAY)
        for each in functions
    ]
    write_case(folder, pipeline(features), TimeUnit.MICROSECONDS, [])
    (folder / "cpu").touch()
    path = folder / "events.parquet"
    duckdb.execute(f"COPY ({HOT.format(count=count)}) TO '{path}' (FORMAT parquet)")


def test_five_times_the_rows_of_a_hot_identifier_take_six_times_the_cpu_at_most(tmp_path):
    # The first case is for the JVM to get warm. Frames take more than that: the hot identifier's
    # windows grow with its rows.
    for name, count in (("0-warm", SMALL), ("1-small", SMALL), ("2-large", LARGE)):
        write_measured(tmp_path / name, count)
    found = run_cases(tmp_path)
    ((small,),), ((large,),) = found["1-small"], found["2-large"]
    assert 0 < large <= 6 * small
