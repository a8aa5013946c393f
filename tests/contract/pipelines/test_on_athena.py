"""The local Athena computes a pipeline's rows to the bits that DuckDB and the rules give."""

from dataclasses import replace

import pyarrow as pa
import pytest

from larder.as_of.athena import unload
from larder.pipelines.definition import TimeUnit
from larder.pipelines.dialects import Dialect
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Interval, newest_statement, statement
from tests.support.pipelines import (
    SCHEMA,
    all_functions,
    by_point,
    expected,
    on_duckdb,
    pipeline,
    random_streams,
)

EVERYTHING = Interval(-(10**15), 2 * 10**15)
WINDOWS = {0: (HOUR, 7 * DAY), DAY: (DAY,)}


@pytest.mark.parametrize("hop", WINDOWS)
@pytest.mark.parametrize("unit", [TimeUnit.MICROSECONDS, TimeUnit.TIMESTAMP])
def test_unload_writes_what_duckdb_computes(lake, tmp_path, hop, unit):
    name = f"events_{unit}_{hop}"
    events = random_streams(list(range(20))).events
    rows = pa.Table.from_pylist(events, SCHEMA)
    if unit is TimeUnit.TIMESTAMP:  # which Athena reads of Hive tables in milliseconds
        stamps = rows.column("t").cast(pa.timestamp("us"))
        lake.add_iceberg_table(name, rows.set_column(1, "t", stamps))
    else:
        lake.add_hive_table(name, rows)
    asked = pipeline(all_functions(WINDOWS[hop]), hop)
    source = replace(asked.source, unit=unit, table=f"larder_dev.{name}")
    text = statement(replace(asked, source=source), EVERYTHING, Dialect.ATHENA.shape)

    lake.run(unload(text, f"s3://lake/out/{name}/"))

    found = by_point(lake.read(f"out/{name}/", tmp_path))
    assert len(found) > 200
    assert found == expected(asked, events, EVERYTHING)
    assert found == on_duckdb(asked, events, EVERYTHING)


def test_text_times_are_the_same_instants(lake, tmp_path):
    events = random_streams(list(range(20))).events
    rows = pa.Table.from_pylist(events, SCHEMA)
    stamps = rows.column("t").cast(pa.timestamp("us"))
    texts = [f"{each.isoformat(timespec='microseconds')}Z" for each in stamps.to_pylist()]
    lake.add_hive_table("texts", rows.set_column(1, "t", pa.array(texts)))
    asked = pipeline(all_functions((HOUR,)))
    source = replace(asked.source, unit=TimeUnit.ISO8601, table="larder_dev.texts")

    lake.run(
        unload(
            statement(replace(asked, source=source), EVERYTHING, Dialect.ATHENA.shape),
            "s3://lake/out/texts/",
        )
    )

    assert by_point(lake.read("out/texts/", tmp_path)) == expected(asked, events, EVERYTHING)


def test_the_newest_event_is_written_as_duckdb_reads_it(lake, tmp_path):
    events = random_streams(list(range(20))).events
    rows = pa.Table.from_pylist(events, SCHEMA)
    texts = [
        f"{e.isoformat(timespec='microseconds')}Z"
        for e in rows.column("t").cast(pa.timestamp("us")).to_pylist()
    ]
    lake.add_hive_table("newest", rows.append_column("text", pa.array(texts)))
    asked = pipeline(())
    newest = max(event["t"] for event in events)
    before = max(event["t"] for event in events if event["t"] < newest)
    for unit, column in ((TimeUnit.MICROSECONDS, "t"), (TimeUnit.ISO8601, "text")):
        source = replace(asked.source, unit=unit, time=column, table="larder_dev.newest")
        of = replace(asked, source=source)
        for until, found in ((newest, newest), (newest - 1, before), (-(10**17), None)):
            folder = f"out/newest/{unit}/{until}/"
            text = newest_statement(of, Interval(until - DAY, until), 10**15)
            lake.run(unload(text, f"s3://lake/{folder}"))
            assert lake.read(folder, tmp_path) == [{"newest": found}]
