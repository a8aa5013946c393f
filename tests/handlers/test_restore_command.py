"""``larder restore`` over moto's DynamoDB and S3, which restores as of now."""

import math
import time
from datetime import UTC, datetime
from uuid import uuid4

import boto3
import orjson
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.cli.main import main
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.offline.watermark import MARGIN_MICROS, Beats
from larder.recovery.restore import target_name
from tests.support.deadlines import eventually
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake
from tests.support.tables import create_records_table, create_registry_table

MICROS = 1_000_000


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


class Bench:
    def __init__(self):
        mark = uuid4().hex[:8]
        self.bucket, self.registry, self.records = (
            f"{name}-{mark}" for name in ("lake", "registry", "records")
        )
        make_lake(self.bucket)
        self.dynamodb, self.s3 = boto3.client("dynamodb"), boto3.client("s3")
        create_registry_table(self.dynamodb, self.registry)
        create_records_table(self.dynamodb, self.records)
        for table in (self.registry, self.records):
            self.switch_recovery(table, on=True)

    def switch_recovery(self, table, *, on):
        self.dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
        )

    def put(self, key, written, prefix="R"):
        item = {
            "pk": {"S": f"{prefix}#u#1"},
            "sk": {"S": key},
            "v": {"B": b"\x00\xff"},
            "w": {"N": str(written)},
        }
        self.dynamodb.put_item(TableName=self.records, Item=item)

    def set_aside(self):
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="aws/lambda/restored/")
        for each in listed.get("Contents", ()):
            body = self.s3.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
            yield from orjson.loads(body)["payload"]["Records"]


@pytest.fixture
def bench(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    bench = Bench()
    for name in ("registry", "records"):
        monkeypatch.setenv(f"LARDER_{name.upper()}_TABLE", getattr(bench, name))
    monkeypatch.setenv("LARDER_OFFLINE_BUCKET", bench.bucket)
    return bench


@pytest.fixture
def moment(bench):
    """A whole second since the tables have recovery."""
    second = math.ceil(time.time())
    eventually(lambda: time.time() > second, every=0.02)
    return second


def at(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_both_tables_are_made_and_have_what_the_platforms_tables_have(bench, moment, capsys):
    bench.put("r1", 5)
    for _ in range(2):  # an interrupted run is run again
        assert main(["restore", "--at", at(moment), "--json"]) == 0
        told = orjson.loads(capsys.readouterr().out)
    for part in ("registry", "records"):
        name = target_name(getattr(bench, part), moment)
        table = bench.dynamodb.describe_table(TableName=name)["Table"]
        assert told["tables"][part]["stream"] == table["LatestStreamArn"]
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        backups = bench.dynamodb.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    name = target_name(bench.records, moment)
    source = bench.dynamodb.describe_time_to_live(TableName=bench.records)
    lifetime = bench.dynamodb.describe_time_to_live(TableName=name)
    assert lifetime["TimeToLiveDescription"] == source["TimeToLiveDescription"]


def test_what_was_accepted_since_the_watermark_is_set_aside(bench, moment, capsys):
    store = DynamoBeatStore(BotoDynamo(bench.dynamodb), bench.registry)
    store.save(Beats({}, proven=moment * MICROS + MARGIN_MICROS))
    bench.put("r1", moment * MICROS)
    bench.put("r2", moment * MICROS + 1)
    bench.put("late", moment * MICROS + 2, prefix="L")
    bench.dynamodb.put_item(  # a heartbeat is no record
        TableName=bench.records, Item={"pk": {"S": "H#1"}, "sk": {"S": "beat"}, "t": {"N": "9"}}
    )
    assert main(["restore", "--at", at(moment)]) == 0
    out = capsys.readouterr().out
    assert "2 changes since" in out
    assert (
        f"-c restored_records=arn:aws:dynamodb:us-east-1:123456789012:table/{bench.records}" in out
    )
    images = [each["dynamodb"]["NewImage"] for each in bench.set_aside()]
    assert sorted(image["sk"]["S"] for image in images) == ["late", "r2"]
    assert {image["v"]["B"] for image in images} == {"AP8="}


def test_one_table_alone_is_restored_where_that_is_asked_for(bench, moment, capsys):
    assert main(["restore", "--at", at(moment), "--only", "records", "--json"]) == 0
    assert list(orjson.loads(capsys.readouterr().out)["tables"]) == ["records"]
    names = bench.dynamodb.list_tables()["TableNames"]
    assert target_name(bench.registry, moment) not in names


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("yesterday", "yesterday"),
        ("2026-11-27T09:00:00", "time zone"),
        ("2026-11-27T09:00:00.5Z", "whole seconds"),
        ("2099-01-01T00:00:00Z", "in the future"),
    ],
)
def test_an_instant_that_means_nothing_is_refused(bench, capsys, text, reason):
    assert main(["restore", "--at", text]) == 1
    err = capsys.readouterr().err
    assert reason in err
    assert "Traceback" not in err


def test_a_table_without_recovery_and_one_that_is_gone_are_named(bench, moment, capsys):
    bench.switch_recovery(bench.records, on=False)
    assert main(["restore", "--at", at(moment), "--only", "records"]) == 1
    assert f"recovery of table {bench.records} is not switched on" in capsys.readouterr().err
    bench.dynamodb.delete_table(TableName=bench.records)
    assert main(["restore", "--at", at(moment), "--only", "records"]) == 1
    assert "restore-table-from-backup" in capsys.readouterr().err
