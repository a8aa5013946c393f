"""Commits of real Iceberg tables: what is new, what was changed, and what is not known any more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.exceptions import NoSuchTableError

from larder.errors import ValidationError
from larder.offline.adapters.iceberg.upkeep import MERGED
from larder.pipelines.adapters.iceberg_bytes import IcebergBytes
from larder.pipelines.adapters.iceberg_commits import IcebergCommits
from larder.pipelines.definition import Source, TimeUnit
from larder.pipelines.durations import HOUR, SECOND
from larder.pipelines.runs.late import NONE_YET, Committed
from larder.pipelines.sql.bounds import Span
from tests.support.offline import sql_catalog

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROS = [0, 1, HOUR, HOUR + 1, -1, -HOUR, 3 * HOUR - 1]
BY_END = {0: 2, HOUR: 2, 2 * HOUR: 1, -HOUR: 1, 3 * HOUR: 1}
"""How many of ``MICROS`` lie in each hour, by its end: the end is in it."""
AT = TimeUnit.MICROSECONDS


def moments(zone=None):
    found = [EPOCH + timedelta(microseconds=each) for each in MICROS]
    given = found if zone else [each.replace(tzinfo=None) for each in found]
    return pa.array(given, pa.timestamp("us", zone))


def texts():
    found = [EPOCH + timedelta(microseconds=each) for each in MICROS]
    return pa.array([each.isoformat().replace("+00:00", "Z") for each in found])


@pytest.fixture
def lake(tmp_path):
    with sql_catalog(tmp_path) as catalog:
        yield catalog


def table_of(lake, column, name="Events"):
    """A table with a row of long ago, and its commits."""
    rows = pa.table({"k": pa.array(["a"] * len(column)), "HappenedAt": column})
    table = lake.create_table(f"larder_dev.{name.lower()}", rows.schema)
    table.append(rows.slice(0, 1))
    return table, rows, IcebergCommits(lambda _name: lake.load_table(table.name()))


@pytest.mark.parametrize(
    ("unit", "column"),
    [
        (TimeUnit.TIMESTAMP, moments()),
        (TimeUnit.TIMESTAMP, moments("UTC")),
        (TimeUnit.ISO8601, texts()),
        (TimeUnit.MICROSECONDS, pa.array(MICROS)),
        (TimeUnit.SECONDS, pa.array([Decimal(each) / SECOND for each in MICROS], pa.decimal128(18, 6))),
        (TimeUnit.SECONDS, pa.array([each / SECOND for each in MICROS])),
    ],
    ids=["timestamp", "zoned", "iso8601", "micros", "decimal", "double"],
)  # fmt: skip
def test_new_events_are_counted_by_the_hours_that_they_fall_into(lake, unit, column):
    table, rows, commits = table_of(lake, column)
    since = commits.newest("raw.events")
    table.append(rows.slice(0, 3))
    table.append(rows.slice(3))
    found = commits.between("raw.events", "happenedat", unit, HOUR, since)
    assert found == Committed(BY_END)
    assert commits.newest("raw.events") != since


@pytest.mark.parametrize(
    ("unit", "column"),
    [
        (TimeUnit.TIMESTAMP, moments()),
        (TimeUnit.TIMESTAMP, moments("UTC")),
        (TimeUnit.ISO8601, texts()),
        (TimeUnit.MICROSECONDS, pa.array(MICROS)),
        (TimeUnit.SECONDS, pa.array([each // SECOND for each in MICROS])),
    ],
    ids=["timestamp", "zoned", "iso8601", "micros", "seconds"],
)  # fmt: skip
def test_of_an_interval_the_bytes_of_the_files_with_its_events_are_told(lake, unit, column):
    table, rows, _ = table_of(lake, column)
    sizes = [size_of(table)]
    for place in range(1, len(rows)):
        table.append(rows.slice(place, 1))
        sizes.append(size_of(table) - sum(sizes))
    found = IcebergBytes(lambda _name: lake.load_table(table.name()))
    source = Source(table="raw.events", time="happenedat", unit=unit)
    assert found.to_read(source, Span(0, 10 * HOUR, -2 * HOUR)) == sum(sizes) > 0
    last = MICROS.index(3 * HOUR - 1)
    assert found.to_read(source, Span(0, 4 * HOUR, 2 * HOUR)) == sizes[last]
    assert found.to_read(source, Span(0, 20 * HOUR, 10 * HOUR)) == 0
    joined = replace(source, table=None, tables=("raw.names",), timed=())
    assert found.to_read(joined, Span(0, 20 * HOUR, 10 * HOUR)) == sum(sizes)


def size_of(table):
    return sum(each.file.file_size_in_bytes for each in table.scan().plan_files())


def test_a_table_without_snapshots_counts_no_bytes():
    source = Source(table="raw.events", time="at")
    assert IcebergBytes(lambda _name: None).to_read(source, Span(0, HOUR, 0)) == 0


def test_events_without_an_instant_are_none(lake):
    table, rows, commits = table_of(lake, pa.array([1, None], pa.int64()))
    since = commits.newest("raw.events")
    table.append(rows)
    assert commits.between("raw.events", "HappenedAt", AT, HOUR, since).events == {HOUR: 1}


def test_rows_that_were_deleted_are_said(lake):
    table, rows, commits = table_of(lake, pa.array(MICROS))
    since = commits.newest("raw.events")
    table.append(rows)
    table.delete("HappenedAt == 1")
    found = commits.between("raw.events", "HappenedAt", AT, HOUR, since)
    assert found.is_rewritten


def test_files_that_are_merged_bring_nothing_and_change_nothing(lake):
    table, _, commits = table_of(lake, pa.array(MICROS))
    since = commits.newest("raw.events")
    with table.transaction() as change, change.update_snapshot(MERGED).overwrite():
        pass
    assert commits.between("raw.events", "HappenedAt", AT, HOUR, since) == Committed({})


def test_what_came_after_a_snapshot_that_is_gone_is_not_known(lake):
    table, rows, commits = table_of(lake, pa.array(MICROS))
    since = commits.newest("raw.events")
    table.append(rows)
    table.append(rows)
    table.maintenance.expire_snapshots().by_id(since).commit()
    assert not commits.between("raw.events", "HappenedAt", AT, HOUR, since).is_known
    assert not commits.between("raw.events", "HappenedAt", AT, HOUR, 77).is_known


def test_of_a_table_that_was_empty_everything_is_new(lake):
    table = lake.create_table("larder_dev.empty", pa.schema([("at", pa.int64())]))
    commits = IcebergCommits(lake.load_table)
    assert commits.newest("larder_dev.empty") == NONE_YET
    table.append(pa.table({"at": [1]}))
    table.append(pa.table({"at": [HOUR + 1]}))
    found = commits.between("larder_dev.empty", "at", AT, HOUR, NONE_YET)
    assert found == Committed({HOUR: 1, 2 * HOUR: 1})
    first = table.metadata.snapshots[0].snapshot_id
    table.append(pa.table({"at": [2]}))
    table.maintenance.expire_snapshots().by_id(first).commit()
    assert not commits.between("larder_dev.empty", "at", AT, HOUR, NONE_YET).is_known


def test_a_table_of_another_kind_has_no_snapshot(lake):
    assert IcebergCommits(lambda _name: None).newest("raw.files") is None
    with pytest.raises(NoSuchTableError):
        IcebergCommits(lake.load_table).newest("larder_dev.none")


def test_a_column_that_is_not_there_is_named_with_those_that_are(lake):
    table, rows, commits = table_of(lake, pa.array(MICROS))
    since = commits.newest("raw.events")
    table.append(rows)
    with pytest.raises(ValidationError, match=r"no column 'at', but k, HappenedAt"):
        commits.between("raw.events", "at", AT, HOUR, since)
