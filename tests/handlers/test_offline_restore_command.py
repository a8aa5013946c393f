"""``larder offline restore`` over moto's Glue, S3 and DynamoDB."""

from uuid import uuid4

import boto3
import orjson
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.cli.main import main
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.tables import IcebergTables
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake, offline_group, row, rows_in, seconds
from tests.support.tables import create_registry_table


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def group(cloud, monkeypatch):
    """A group of three commits; the command finds it by the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    mark = uuid4().hex[:8]
    make_lake(f"lake-{mark}")
    create_registry_table(boto3.client("dynamodb"), f"registry-{mark}")
    for name, value in (("REGISTRY_TABLE", "registry"), ("OFFLINE_BUCKET", "lake")):
        monkeypatch.setenv(f"LARDER_{name}", f"{value}-{mark}")
    monkeypatch.setenv("LARDER_RECORDS_TABLE", "records")
    group = offline_group(f"s3://lake-{mark}/customers", table=f"customers_{mark}")
    DynamoRegistry(BotoDynamo(boto3.client("dynamodb")), f"registry-{mark}").create(group)
    tables = IcebergTables(open_catalog())
    tables.create(group)
    for name in "abc":
        tables.append(group, [row(name)], remaining=seconds(30))
    return group


def identifiers(group):
    return [each["customer_id"] for each in rows_in(open_catalog(), group)]


def test_a_table_that_glue_lost_is_back_with_all_rows(group, capsys):
    store = group.offline
    boto3.client("glue").delete_table(DatabaseName=store.database, Name=store.table)
    assert main(["offline", "restore", "customers", "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told["registered"].startswith(f"{store.location}/metadata/") and not told["dropped"]
    assert identifiers(group) == ["a", "b", "c"]
    assert main(["offline", "restore", "customers"]) == 0
    assert "whole, nothing was changed" in capsys.readouterr().out


def test_a_lost_snapshot_gives_way_and_the_command_says_so(group, capsys):
    table = open_catalog().load_table((group.offline.database, group.offline.table))
    lost = table.current_snapshot()
    bucket, _, key = lost.manifest_list.removeprefix("s3://").partition("/")
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    assert main(["offline", "restore", "customers"]) == 0
    out = capsys.readouterr().out
    assert f"files of snapshots {lost.snapshot_id} are gone" in out and "larder redrive" in out
    assert identifiers(group) == ["a", "b"]


def test_a_group_that_is_not_there_is_named(group, capsys):
    assert main(["offline", "restore", "nobody"]) == 1
    assert "there is no feature group nobody" in capsys.readouterr().err
