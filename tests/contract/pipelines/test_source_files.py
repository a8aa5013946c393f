"""The files of source tables with their instants: of real Iceberg tables, and of folders on S3."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from larder.aws.s3_objects import Objects
from larder.errors import ServiceUnavailable
from larder.pipelines.adapters.source_files import CatalogFiles
from larder.pipelines.definition import TimeUnit
from larder.pipelines.durations import HOUR, SECOND
from tests.support.offline import sql_catalog

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = {
    TimeUnit.TIMESTAMP: lambda micros: EPOCH + timedelta(microseconds=micros),
    TimeUnit.MICROSECONDS: lambda micros: micros,
    TimeUnit.SECONDS: lambda micros: micros // SECOND,
    TimeUnit.ISO8601: lambda micros: f"1970-01-01T{micros // HOUR:02}:00:00Z",
}


@pytest.fixture
def catalog(tmp_path):
    with sql_catalog(tmp_path) as made:
        yield made


@pytest.mark.parametrize("unit", COLUMNS)
def test_each_file_of_an_iceberg_table_has_its_size_and_instants(catalog, unit):
    parts = [
        pa.table({"At": [COLUMNS[unit](each) for each in part]}) for part in ([HOUR, 3 * HOUR], [0])
    ]
    table = catalog.create_table("larder_dev.events", parts[0].schema)
    for part in parts:
        table.append(part)
    files = CatalogFiles(lambda _name: catalog.load_table(table.name()), None, None)
    found = sorted(files.of("raw.events", "at", unit), key=lambda each: each.first or 0)
    assert sum(each.size for each in found) == int(
        catalog.load_table(table.name()).current_snapshot().summary["total-files-size"]
    )
    if unit is TimeUnit.ISO8601:
        assert {(each.first, each.last) for each in found} == {(None, None)}
    else:
        assert [(each.first, each.last) for each in found] == [(0, 1), (HOUR, 3 * HOUR + 1)]
    assert {each.first for each in files.of("raw.events", None, unit)} == {None}


def test_another_table_has_the_files_of_its_folder(lake):
    lake.add_hive_table("plain", pa.table({"k": ["a"], "t": [1]}))
    files = CatalogFiles(lambda _name: None, lake.glue, Objects(lake.s3))
    (file,) = files.of("larder_dev.plain", "t", TimeUnit.MICROSECONDS)
    head = lake.s3.head_object(Bucket="lake", Key="plain/rows.parquet")
    assert (file.size, file.first) == (head["ContentLength"], None)
    with pytest.raises(ServiceUnavailable, match="absent can't be listed"):
        files.of("larder_dev.absent", "t", TimeUnit.MICROSECONDS)
