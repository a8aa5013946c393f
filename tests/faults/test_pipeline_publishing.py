"""The publisher of pipelines is killed; a later attempt leaves both stores as if it had not been."""

from dataclasses import replace
from uuid import uuid4

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.runs.items import IntervalItem, State
from larder.pipelines.runs.work import run_folders
from larder.pipelines.sql.statement import Interval
from larder.settings.pipelines import PipelinePublisherSettings
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import open_data_plane
from larder.wiring.pipeline_publisher import open_publisher
from tests.faults import publish_process
from tests.faults.publish_process import KILL_POINTS
from tests.faults.writer_process import KILLED
from tests.support.children import Child
from tests.support.groups import HOME
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake, offline_group, rows_in
from tests.support.tables import create_records_table, create_registry_table

START = 1_704_067_200_000_000  # 2024-01-01
KEYS, HOURS = 12, 10


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def platform(cloud, monkeypatch):
    """A group with both stores, and settings of the publisher into it."""
    for name, value in (
        ("AWS_ENDPOINT_URL", cloud),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", HOME.region),
        ("AWS_REGION", HOME.region),
    ):
        monkeypatch.setenv(name, value)
    mark = uuid4().hex[:8]
    dynamodb, bucket = boto3.client("dynamodb"), f"lake-{mark}"
    make_lake(bucket)
    create_registry_table(dynamodb, f"registry-{mark}")
    create_records_table(dynamodb, f"records-{mark}")
    group = offline_group(f"s3://{bucket}/offline/customers", table=f"customers_{mark}")
    DynamoRegistry(BotoDynamo(dynamodb), f"registry-{mark}").create(group)
    IcebergTables(open_catalog()).create(group)
    settings = PipelinePublisherSettings(
        stage="dev",
        registry_table=f"registry-{mark}",
        records_table=f"records-{mark}",
        account_id=HOME.account_id,
        region=HOME.region,
        partition=HOME.partition,
        offline_bucket=bucket,
    )
    return group, settings


def claimed(attempts):
    """The interval of a day, as an attempt claims it."""
    item = IntervalItem("customers", 1, Interval(START, START + DAY), State.RUNNING)
    return replace(item, owner=f"execution {attempts}", attempts=attempts)


def staged(settings, item):
    """The rows of an attempt, in three files of the folder that engines write to."""
    folder = run_folders(settings.offline_bucket, item).rows.removeprefix("s3://")
    found = [
        {
            "customer_id": f"c{key}",
            "event_time": START + hour * HOUR,
            "clicks": 100 * key + hour,
            "score": key / 8 + hour,
            "city": ["Oslo", None, "é"][hour % 3],
        }
        for key in range(KEYS)
        for hour in range(HOURS)
    ]
    s3 = fs.S3FileSystem(endpoint_override=boto3.client("s3").meta.endpoint_url)
    for part in range(3):
        pq.write_table(pa.Table.from_pylist(found[part::3]), f"{folder}{part}", filesystem=s3)
    return found


def history(group):
    """The history's rows, without the times at which they were written."""
    columns = ("customer_id", "event_time", "clicks", "score", "city")
    found = rows_in(open_catalog(), group)
    return sorted(tuple(row[each] for each in columns) for row in found)


def online(settings):
    """The record of each key as it is served."""
    runtime = RuntimeSettings(
        registry_table=settings.registry_table,
        records_table=settings.records_table,
        account_id=settings.account_id,
        region=settings.region,
        partition=settings.partition,
    )
    plane = open_data_plane(runtime)
    try:
        found = {f"c{key}": plane.reader.get("customers", f"c{key}", None) for key in range(KEYS)}
    finally:
        plane.close()
    return {key: record and dict(record.values) for key, record in found.items()}


def wanted_history(rows):
    texts = [{**each, "event_time": told(each["event_time"])} for each in rows]
    return sorted(tuple(each.values()) for each in texts)


def told(micros):
    """An instant of the first day as the feature's text has it."""
    return f"2024-01-01T{(micros - START) // HOUR:02}:00:00Z"


def wanted_online():
    last = HOURS - 1
    return {
        f"c{key}": {
            "customer_id": f"c{key}",
            "event_time": told(START + last * HOUR),
            "clicks": str(100 * key + last),
            "score": str(key / 8 + last),
            "city": "Oslo",
        }
        for key in range(KEYS)
    }


@pytest.mark.parametrize("point", KILL_POINTS)
def test_killed_while_it_publishes_a_later_attempt_leaves_each_row_once(platform, tmp_path, point):
    group, settings = platform
    first = claimed(1)
    rows = staged(settings, first)
    killed = Child(publish_process.main, settings, first, point, log=tmp_path / "log")
    assert killed.end()[0] == KILLED
    later = replace(claimed(2), publication=first.publishing().publication)
    assert open_publisher(settings).publish(later) == len(rows) == KEYS * HOURS
    assert history(group) == wanted_history(rows)
    assert online(settings) == wanted_online()
    assert open_publisher(settings).publish(later) == len(rows)
    assert history(group) == wanted_history(rows)


def test_a_file_without_rows_is_a_run_without_rows(platform):
    """Spark leaves one for an interval in which nothing happened."""
    group, settings = platform
    item = claimed(1)
    folder = run_folders(settings.offline_bucket, item).rows.removeprefix("s3://")
    columns = [("customer_id", pa.string()), ("event_time", pa.int64()), ("clicks", pa.int64())]
    s3 = fs.S3FileSystem(endpoint_override=boto3.client("s3").meta.endpoint_url)
    pq.write_table(pa.schema(columns).empty_table(), f"{folder}part", filesystem=s3)
    assert open_publisher(settings).publish(item) == 0
    assert history(group) == []
    assert set(online(settings).values()) == {None}
