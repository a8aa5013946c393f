"""Writers of many tables at once, as the shards of a stream have them, over Glue, S3 and DynamoDB."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import uuid4

import boto3
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.offline.adapters.by_format import open_tables
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.storage import NewFiles
from larder.offline.adapters.staged_rows import RECORDS_FOLDER, S3StagedRows
from larder.offline.one_committer import OneCommitter
from larder.offline.ports import TableRows
from tests.support.deadlines import PATIENCE
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake, offline_group, row, rows_in, seconds
from tests.support.tables import create_registry_table

WRITERS, TABLES = 4, 6


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@dataclass
class Lake:
    bucket: str
    groups: list
    calls: Counter

    def counted(self, service):
        client = boto3.client(service)
        count = lambda model, **_: self.calls.update([model.name])  # noqa: E731
        client.meta.events.register("before-call", count)
        return client

    def write(self, writer, at_once):
        committer = OneCommitter(
            open_tables(boto3.client("s3")),
            DynamoLeases(BotoDynamo(self.counted("dynamodb")), "registry"),
            S3StagedRows(self.counted("s3"), self.bucket, RECORDS_FOLDER),
            new_id=lambda: uuid4().hex,
            at_once=at_once,
        )
        batch = [TableRows(group, [row(f"w{writer}")]) for group in self.groups]
        return committer.append_all(batch, remaining=seconds(PATIENCE))


@pytest.fixture
def lake(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    name = uuid4().hex[:8]
    bucket = f"lake-{name}"
    make_lake(bucket)
    dynamodb = boto3.client("dynamodb")
    if not dynamodb.list_tables()["TableNames"]:
        create_registry_table(dynamodb, "registry")
    groups = []
    for number in range(TABLES):
        table = f"t{name}x{number}"
        group = offline_group(f"s3://{bucket}/{table}", name=table, table=table)
        groups.append(replace(group, uid=f"u{table}"))
        open_tables(boto3.client("s3")).create(groups[-1])
    return Lake(bucket, groups, Counter())


@pytest.mark.parametrize("at_once", [2, 16], ids=["staged first", "staged late"])
def test_every_row_of_every_writer_is_in_its_table_once(lake, at_once):
    with ThreadPoolExecutor(WRITERS) as threads:
        running = [threads.submit(lake.write, writer, at_once) for writer in range(WRITERS)]
        outcomes = [each.result(PATIENCE) for each in running]
    catalog = open_catalog()
    for group in lake.groups:
        found = [each["customer_id"] for each in rows_in(catalog, group)]
        assert found == [f"w{writer}" for writer in range(WRITERS)]
    assert sum(each.rows for outcome in outcomes for each in outcome) == WRITERS * TABLES
    left = boto3.client("s3").list_objects_v2(Bucket=lake.bucket, Prefix="staging/")
    assert "Contents" not in left
    if at_once < TABLES:
        assert lake.calls["PutObject"] == lake.calls["DeleteObject"] == WRITERS


def test_a_commit_writes_each_of_its_files_by_one_request(lake):
    lake.write(0, 16)
    lake.write(1, 16)
    s3 = boto3.client("s3")
    files = s3.list_objects_v2(Bucket=lake.bucket)["Contents"]
    kinds = Counter(each["Key"].rpartition(".")[2] for each in files)
    assert kinds == {"json": 3 * TABLES, "avro": 4 * TABLES, "parquet": 2 * TABLES}
    # the ETag of a multipart upload ends with the number of its parts
    assert [each["Key"] for each in files if "-" in each["ETag"]] == []


def test_a_catalogs_tables_share_one_client_of_s3(lake):
    catalog = open_catalog()
    first, second = (
        catalog.load_table((group.offline.database, group.offline.table))
        for group in lake.groups[:2]
    )
    assert isinstance(first.io, NewFiles)
    assert first.io is second.io is first.refresh().io


def test_a_file_that_can_not_be_written_is_an_error_of_who_closes_it(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    stream = open_catalog()._load_file_io().new_output("s3://no-such-bucket/x").create()
    stream.write(b"rows")
    with pytest.raises(OSError, match="does not exist"):
        stream.close()
