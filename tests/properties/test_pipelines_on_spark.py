"""A pipeline's statement gives on Spark the bits that DuckDB and the rules give.

Not in `make test`, for the reasons of ``test_as_of_on_spark``; `make spark` and `make soak` run it.
"""

import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.pipelines.definition import TimeUnit
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Interval, Shape, statement
from tests.support.pipelines import (
    SCHEMA,
    all_functions,
    expected,
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
