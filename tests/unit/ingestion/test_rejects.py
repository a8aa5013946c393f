"""Rejected rows: where they are, which column and value is at fault, why, and the cure."""

import csv

import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.errors import ValidationError
from larder.ingestion.adapters.rejects import RejectsFile, rejects_path
from larder.ingestion.cures import map_option
from larder.ingestion.ports import Reject
from tests.support.ingestion import BOTH, bench
from tests.support.offline import rows_in

DAY = "2024-01-31T12:00:00Z"


@pytest.fixture
def customers(tmp_path):
    with bench(tmp_path) as made:
        yield made


def lines(customers):
    return [orjson.loads(line) for line in customers.rejects.read_text().splitlines()]


CELLS = [  # column, value, words of the reason, words of the cure
    ("clicks", "1,5", "not a whole number", "decimal point"),
    ("clicks", "x", "not a whole number", "write a whole number"),
    ("clicks", str(10**25), "not a whole number of 64 bits", "write a whole number"),
    ("score", "inf", "not a finite number", "write a finite number"),
    ("event_time", "yesterday", "not ISO-8601", "write 2024-01-31T12:00:00Z"),
    ("event_time", "2024-01-31 12:00:00", "no time zone.*--time-zone", "--time-zone UTC"),
    ("event_time", None, "lacks its event time", "fill the cell"),
    ("customer_id", None, "lacks its record identifier", "fill the cell"),
]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "pandas", "polars"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_reject_names_file_row_column_value_reason_and_cure(customers, tmp_path, kind, cell):
    column, value, reason, cure = cell
    good = {"customer_id": "c", "event_time": DAY, "clicks": "1", "score": "0.5"}
    rows = [good, {**good, column: value}, good]
    path = tmp_path / f"rows.{kind}"
    match kind:
        case "csv":
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, good, delimiter=";")
                writer.writeheader()
                writer.writerows(rows)
        case "jsonl":
            path.write_bytes(b"\n".join(map(orjson.dumps, rows)))
        case "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        case "pandas":
            path = pd.DataFrame(rows)
        case "polars":
            path = pl.DataFrame(rows)
    done = customers.ingest(path)
    assert (done.rows, done.rejected, done.written) == (3, 1, 2)
    (line,) = lines(customers)
    file = None if kind in ("pandas", "polars") else str(path)
    assert (line["file"], line["row"], line["column"], line["value"]) == (file, 1, column, value)
    assert cure in line["cure"]
    for words in reason.split(".*"):
        assert words in line["reason"]


def test_rows_of_several_files_have_the_numbers_that_they_have_there(customers, tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.csv").write_text(
            f"customer_id,event_time\n{name},{DAY}\n{name}\n{name},never\n"
        )
    done = customers.ingest(folder)
    assert (done.rows, done.rejected, done.written) == (6, 4, 2)
    found = [(line["file"][-5:], line["row"], line["column"]) for line in lines(customers)]
    both = [("a.csv", 1, ""), ("a.csv", 2, "event_time")]
    assert found == [*both, ("b.csv", 1, ""), ("b.csv", 2, "event_time")]
    assert lines(customers)[0]["record"] == {"line": "a"}


def test_a_run_that_is_tried_again_numbers_its_rows_alike(customers, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f"customer_id,event_time\na,{DAY}\nodd\nb,{DAY}\n")
    customers.ingest(path)
    written = [row["write_time"] for row in rows_in(customers.catalog, customers.group)]
    assert (max(written) - min(written)).total_seconds() == 2e-6


def test_an_empty_file_has_no_rows(customers, tmp_path):
    for name, text in (("a.csv", ""), ("b.tsv", "\n \n"), ("c.jsonl", "\n"), ("d.csv", "x,y")):
        (tmp_path / name).write_text(text)
        if name != "d.csv":
            assert customers.ingest(tmp_path / name, run_id=name, targets=BOTH).rows == 0
    with pytest.raises(ValidationError, match="column 'x' is no feature"):
        customers.ingest(tmp_path / "d.csv", run_id="d")


@pytest.mark.parametrize("frame", [pa.table, pd.DataFrame, pl.DataFrame, dict])
def test_floats_do_not_identify_records_whose_identifier_is_a_text(customers, frame):
    columns = {"customer_id": [701.0, 702.0], "event_time": [DAY, DAY]}
    with pytest.raises(ValidationError, match=r"701\.0 would be another record than 701"):
        customers.ingest(frame(columns))


@pytest.mark.parametrize("frame", [pa.table, pd.DataFrame, pl.DataFrame, dict])
def test_nan_is_no_value_in_any_source(customers, frame):
    columns = {"customer_id": ["a", "b"], "event_time": [DAY] * 2, "score": [float("nan"), 1.0]}
    assert customers.ingest(frame(columns)).rejected == 0
    assert [row["score"] for row in rows_in(customers.catalog, customers.group)] == [None, 1.0]


def test_nan_in_a_text_file_is_no_value_of_a_number_and_a_text_else(customers, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f"customer_id,event_time,score,clicks,city\nNaN,{DAY},NaN,nan,NaN\n")
    assert customers.ingest(path).rejected == 0
    (row,) = rows_in(customers.catalog, customers.group)
    assert (row["customer_id"], row["city"]) == ("NaN", "NaN")
    assert (row["score"], row["clicks"]) == (None, None)


def test_times_that_a_zone_has_twice_or_never_are_rejected_and_the_others_taken(customers):
    for times in (
        ["2024-10-27 02:30:00", "2024-10-27 12:00:00"],
        pd.to_datetime(["2024-10-27 02:30:00", "2024-10-27 12:00:00"]),
    ):
        frame = pd.DataFrame({"customer_id": ["a", "b"], "event_time": times})
        run = type(times).__name__
        done = customers.ingest(frame, run_id=run, time_zone="Europe/Berlin")
        assert (done.rejected, done.written) == (1, 1)
        (line,) = lines(customers)
        assert line["row"] == 0
        assert "Europe/Berlin" in line["reason"]
    with pytest.raises(ValidationError, match="no time zone 'Mars/Base'"):
        customers.ingest(frame, run_id="x", time_zone="Mars/Base")


def test_a_cure_is_quoted_for_a_shell():
    assert map_option("v") == "--map v="
    assert map_option("Unnamed: 0") == "--map 'Unnamed: 0='"
    assert map_option("it's", "f") == """--map 'it'"'"'s=f'"""


def test_a_column_without_a_name_is_left_out_by_name_alone(customers, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f",customer_id,event_time\n0,a,{DAY}\n")
    with pytest.raises(ValidationError, match=r"column '' is no feature .*--map ="):
        customers.ingest(path)
    assert customers.ingest(path, run_id="2", renamed={"": ""}).written == 1


def test_p6_rejects_are_written_where_a_caller_says_or_below_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    usual = tmp_path / ".larder" / "rejects" / "g-r1-rejects.jsonl"
    assert rejects_path(None, "g", "r1") == usual
    assert rejects_path(tmp_path, "g", "r1") == tmp_path / "g-r1-rejects.jsonl"
    assert rejects_path(tmp_path / "mine.CSV", "g", "r1") == tmp_path / "mine.CSV"
    with RejectsFile(usual) as file:
        assert not usual.parent.exists()
        file.add([Reject(0, "why", {"v": "1"})])
    assert orjson.loads(usual.read_bytes())["reason"] == "why"


def test_a_place_where_nothing_can_be_written_is_refused_before_a_row_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ValidationError, match=r"can't be written to .*--rejects PATH"),
        RejectsFile(tmp_path / "file" / "r.jsonl"),
    ):
        raise AssertionError
    with pytest.raises(ValidationError, match=r"end its name in .jsonl or .csv or .parquet"):
        RejectsFile(tmp_path / "r.txt")
