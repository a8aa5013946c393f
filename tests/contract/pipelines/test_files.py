"""Files of events by the local Athena: Parquet, CSV and JSON lines give the same rows."""

import csv
from dataclasses import replace
from io import BytesIO, StringIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.as_of.athena import unload
from larder.pipelines.definition import FileFormat, Source, TimeUnit
from larder.pipelines.dialects import Dialect
from larder.pipelines.durations import DAY
from larder.pipelines.source_files import over_files, table_of_files
from larder.pipelines.sql.statement import Interval, statement
from tests.support.pipelines import (
    SCHEMA,
    all_functions,
    by_point,
    expected,
    pipeline,
    random_streams,
)

EVERYTHING = Interval(-(10**15), 2 * 10**15)
TYPED = (
    *(("k", "string"), ("t", "bigint"), ("number", "bigint")),
    *(("x", "double"), ("n", "bigint"), ("city", "string")),
)
WORDS = {"x": "x", "y": 'say "y", again', "z": "line, and comma"}


def as_parquet(events):
    with BytesIO() as file:
        pq.write_table(pa.Table.from_pylist(events, SCHEMA), file)
        return file.getvalue()


def as_csv(events):
    with StringIO(newline="") as file:
        rows = csv.writer(file)
        names = [name for name, _ in TYPED]
        rows.writerows([names, *([each[name] for name in names] for each in events)])
        return file.getvalue().encode()


def as_json(events):
    return b"\n".join(map(orjson.dumps, events))


WRITERS = {FileFormat.PARQUET: as_parquet, FileFormat.CSV: as_csv, FileFormat.JSON: as_json}


def over(lake, group, format, typed=TYPED):
    """A pipeline over files, whose table is made as a deployment makes it."""
    source = Source(
        time="t",
        unit=TimeUnit.MICROSECONDS,
        files=f"s3://lake/{group}/",
        format=format,
        typed=typed,
        order=("number",),
    )
    asked = pipeline(all_functions([DAY]), group=group, source=source)
    made = table_of_files(asked)
    lake.glue.create_table(
        DatabaseName="larder_dev",
        TableInput={
            "Name": made.name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": dict(made.parameters),
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": kind} for name, kind in made.columns],
                "Location": made.location,
                "InputFormat": made.input_format,
                "OutputFormat": made.output_format,
                "SerdeInfo": {
                    "SerializationLibrary": made.serde,
                    "Parameters": dict(made.serde_parameters),
                },
            },
        },
    )
    return over_files(asked, "larder_dev")


@pytest.mark.parametrize("format", WRITERS)
def test_files_of_each_format_give_the_rows_of_their_events(lake, tmp_path, format):
    events = random_streams(list(range(20))).events
    group = f"Files_{format}"
    half = len(events) // 2
    for number, part in enumerate((events[:half], events[half:])):
        lake.s3.put_object(
            Bucket="lake", Key=f"{group}/{number}.{format}", Body=WRITERS[format](part)
        )
    reads = over(lake, group, format)
    assert reads.source.reads == (f"larder_dev.files_{format}",)

    lake.run(unload(statement(reads, EVERYTHING, Dialect.ATHENA.shape), f"s3://lake/out/{group}/"))

    found = by_point(lake.read(f"out/{group}/", tmp_path))
    assert len(found) > 200
    plain = replace(reads, source=pipeline(()).source)
    assert found == expected(plain, events, EVERYTHING)


def test_cells_of_a_csv_may_have_quotes_and_commas(lake, tmp_path):
    events = [
        {"k": "a", "t": place, "number": place, "x": None, "n": 1, "city": word}
        for place, word in enumerate(WORDS.values())
    ]
    lake.s3.put_object(Bucket="lake", Key="quoted/a.csv", Body=as_csv(events))
    reads = over(lake, "quoted", FileFormat.CSV)
    lake.run(unload(statement(reads, EVERYTHING, Dialect.ATHENA.shape), "s3://lake/out/quoted/"))
    rows = lake.read("out/quoted/", tmp_path)
    assert sorted(each["newest"] for each in rows) == sorted(WORDS.values())
    assert {each["avg_1440"] for each in rows} == {None}


def test_a_cell_of_another_form_fails_the_query(lake):
    body = b"k,t,number,x,n,city\na,1,1,12 EUR,1,x\n"
    lake.s3.put_object(Bucket="lake", Key="wrong/a.csv", Body=body)
    reads = over(lake, "wrong", FileFormat.CSV)
    with pytest.raises(AssertionError, match="12 EUR"):
        lake.run(unload(statement(reads, EVERYTHING, Dialect.ATHENA.shape), "s3://lake/out/wrong/"))
