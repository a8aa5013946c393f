"""Rows in bulk: what goes in, where, and what is turned away."""

import time
from dataclasses import replace

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from larder.errors import ValidationError
from larder.groups.feature_group import TtlDuration
from larder.offline.rows import StreamChange, rows_due
from larder.records.codec import unpack
from tests.support.groups import feature_group
from tests.support.ingestion import BOTH, ONLINE, bench
from tests.support.offline import WRITTEN, rows_in

DAY = "2024-01-31T12:00:00Z"


@pytest.fixture
def customers(tmp_path):
    with bench(tmp_path) as made:
        yield made


def frame(**columns):
    return pa.table({"customer_id": ["c1", "c2"], "event_time": [DAY, DAY]} | columns)


def test_rows_stand_in_the_table_with_the_types_of_the_group(customers):
    done = customers.ingest(frame(clicks=[3, None], score=[0.5, 1], city=["Oslo", None]))
    assert (done.rows, done.rejected, done.written) == (2, 0, 2)
    first, second = rows_in(customers.catalog, customers.group)
    assert first["clicks"] == 3
    assert (second["clicks"], second["score"], second["city"]) == (None, 1.0, None)
    assert not first["is_deleted"]
    micros = pd.Timestamp(WRITTEN, unit="us")
    assert (first["write_time"], second["write_time"]) == (micros, micros + pd.Timedelta(1, "us"))


def test_a_row_that_put_record_refuses_is_set_aside_with_its_words_and_the_rest_goes_in(customers):
    table = pa.table(
        {
            "customer_id": ["c1", None, "c3", "c4", "c5"],
            "event_time": [DAY, DAY, "yesterday", DAY, DAY],
            "clicks": ["1", "1", "1", "1.5", "+7"],
            "score": [float("nan"), 0.1, 0.1, 0.1, float("inf")],
        }
    )
    done = customers.ingest(table)
    assert (done.rows, done.rejected, done.written) == (5, 4, 1)
    lines = [orjson.loads(line) for line in customers.rejects.read_text().splitlines()]
    assert [line["row"] for line in lines] == [1, 2, 3, 4]
    told = ["lacks its record identifier", "not ISO-8601", "not a whole number", "finite number"]
    for line, words in zip(lines, told, strict=True):
        assert words in line["reason"]
    assert lines[2]["record"]["clicks"] == "1.5"


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_rejects_are_written_in_each_kind_of_file(customers, ending):
    customers.rejects = customers.rejects.with_suffix(ending)
    customers.ingest(frame(clicks=["x", "2"]))
    if ending == ".parquet":
        (row,) = pq.read_table(customers.rejects).to_pylist()
        assert row["row"] == 0
    else:
        assert "not a whole number" in customers.rejects.read_text()


def test_a_source_without_rows_changes_nothing(customers):
    done = customers.ingest(frame().slice(0, 0), targets=BOTH)
    assert (done.rows, done.written, done.stored) == (0, 0, 0)


def test_no_rejects_leave_no_file(customers):
    customers.rejects.write_text("of an earlier try")
    customers.ingest(frame())
    assert not customers.rejects.exists()


def test_a_csv_keeps_texts_as_they_stand_and_takes_empty_cells_for_absent(customers, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(
        f'customer_id,event_time,clicks,score,city\n007,{DAY},01,,NA\n8,{DAY},,1e2,""\n'
    )
    assert customers.ingest(path, targets=BOTH).rejected == 0
    first, second = rows_in(customers.catalog, customers.group)
    assert (first["customer_id"], first["clicks"], first["city"]) == ("007", 1, "NA")
    assert (second["score"], second["city"]) == (100.0, "")
    assert unpack(customers.online()["007"].packed) == ["007", DAY, "01", None, "NA"]


@pytest.mark.parametrize("kind", ["parquet", "feather", "folder", "pattern"])
def test_files_of_each_kind_are_read(customers, tmp_path, kind):
    table = frame(clicks=[1, 2])
    if kind == "feather":
        pa.feather.write_feather(table, tmp_path / "a.feather")
        address = tmp_path / "a.feather"
    else:
        folder = tmp_path / "given"
        folder.mkdir()
        for name, part in (("a", table.slice(0, 1)), ("b", table.slice(1))):
            pq.write_table(part, folder / f"{name}.parquet")
        address = {
            "parquet": folder / "a.parquet",
            "folder": folder,
            "pattern": folder / "*.parquet",
        }[kind]
    assert customers.ingest(address).rows == (1 if kind == "parquet" else 2)


def test_frames_of_pandas_have_their_missing_values_and_times(customers):
    given = pd.DataFrame(
        {
            "customer_id": ["c1", "c2"],
            "event_time": pd.to_datetime(
                ["2024-01-31 12:00:00.00", "2024-01-31 12:00:00.25"], utc=True
            ),
            "clicks": [1.0, None],
        }
    )
    assert customers.ingest(given).rejected == 0
    first, second = rows_in(customers.catalog, customers.group)
    assert (first["event_time"], first["clicks"]) == (DAY, 1)
    assert (second["event_time"], second["clicks"]) == ("2024-01-31T12:00:00.250Z", None)


def test_times_without_a_zone_need_one_named(customers):
    given = pa.table({"customer_id": ["c1"], "event_time": pa.array([0], pa.timestamp("s"))})
    with pytest.raises(ValidationError, match="without a time zone"):
        customers.ingest(given)
    customers.ingest(given, time_zone="Europe/Oslo", run_id="run-2")
    (row,) = rows_in(customers.catalog, customers.group)
    assert row["event_time"] == "1969-12-31T23:00:00Z"


def test_columns_are_renamed_and_left_out(customers):
    given = pa.table({"id": ["c1"], "event_time": [DAY], "junk": [1]})
    with pytest.raises(ValidationError, match="'id' is no feature"):
        customers.ingest(given)
    customers.ingest(given, renamed={"id": "customer_id", "junk": ""})
    assert len(rows_in(customers.catalog, customers.group)) == 1


@pytest.mark.parametrize(
    ("columns", "renamed", "words"),
    [
        (["customer_id"], {}, "no column is the event time"),
        (["event_time"], {}, "no column is the record identifier"),
        (["customer_id", "event_time", "CITY"], {}, "did you mean"),
        (["customer_id", "event_time", "x"], {"x": "customer_id"}, "both are feature"),
        (["customer_id", "event_time"], {"y": "city"}, "no column 'y'"),
    ],
)
def test_columns_that_do_not_fit_the_group_are_refused(customers, columns, renamed, words):
    with pytest.raises(ValidationError, match=words):
        customers.ingest(pa.table({name: ["1"] for name in columns}), renamed=renamed)


def test_a_batch_keeps_the_newest_version_not_the_last_row(customers):
    given = pa.table(
        {
            "customer_id": ["c1", "c1", "c1", "c2"],
            "event_time": [DAY, "2024-01-31T12:00:00.5Z", DAY, DAY],
            "clicks": [1, 2, 3, 4],
        }
    )
    done = customers.ingest(given, targets=BOTH)
    assert (done.stored, done.older) == (2, 0)
    assert unpack(customers.online()["c1"].packed)[2] == "2"
    assert len(rows_in(customers.catalog, customers.group)) == 4


def test_of_equal_event_times_the_later_row_is_the_correction(customers):
    given = pa.table({"customer_id": ["c1"] * 2, "event_time": [DAY] * 2, "clicks": [1, 2]})
    customers.ingest(given, targets=BOTH)
    assert unpack(customers.online()["c1"].packed)[2] == "2"


def test_a_newer_record_online_stays_and_the_row_is_history(customers):
    customers.ingest(frame(event_time=["2024-02-01T00:00:00Z", DAY]), targets=BOTH)
    done = customers.ingest(frame(clicks=[1, 2]), targets=BOTH, run_id="run-2")
    assert (done.stored, done.older) == (0, 2)
    assert len(rows_in(customers.catalog, customers.group)) == 4


def test_what_went_offline_in_bulk_does_not_go_there_by_the_stream(customers):
    customers.ingest(frame(), targets=BOTH)
    version = customers.online()["c1"]
    change = StreamChange("1", "u", False, None, version, False, {})
    assert rows_due(change) == []
    expiring = replace(version, expires_at=1)
    (due,) = rows_due(StreamChange("1", "u", False, expiring, None, True, {}))
    assert due.expiry


def test_online_only_rows_never_go_offline(customers):
    customers.ingest(frame(), targets=frozenset({ONLINE}))
    assert not customers.online()["c1"].offline
    assert rows_in(customers.catalog, customers.group) == []


def test_records_expire_as_the_group_says(tmp_path):
    online = replace(feature_group().online, ttl=TtlDuration("Days", 1))
    with bench(tmp_path, online=online) as made:
        made.ingest(frame(), targets=BOTH)
        assert made.online()["c1"].expires_at == 1_706_788_800_000_000_000


def test_a_completed_run_is_not_done_again(customers):
    first = customers.ingest(frame())
    again = customers.ingest(frame())
    assert (again.completed_before, again.rows, again.written) == (True, 2, first.written)
    assert len(rows_in(customers.catalog, customers.group)) == 2


def test_a_run_is_not_continued_with_another_source(customers):
    customers.ingest(frame())
    with pytest.raises(ValidationError, match="another source"):
        customers.ingest(frame(clicks=[1, 2]))


def test_the_mark_of_a_completed_run_is_forgotten_after_a_week(customers):
    customers.ingest(frame())
    assert marks(customers) == {"larder.ingest.run-1"}
    customers.tables.clock = lambda: time.time() + 8 * 86_400
    customers.ingest(frame(), run_id="run-2")
    assert marks(customers) == {"larder.ingest.run-2"}


def marks(customers):
    table = customers.catalog.load_table(("larder_dev", customers.group.offline.table))
    return {name for name in table.properties if name.startswith("larder.ingest")}
