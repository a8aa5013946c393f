"""The offline writer's handler, with the events Lambda sends, over DynamoDB, S3 and Glue of moto."""

import importlib
import json
import sys
import time
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import boto3
import orjson
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.cli.main import main
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import FeatureGroupStatus
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.redrive import LambdaWriter
from larder.settings.offline_writer import OfflineWriterSettings
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import (
    NOON,
    hive_group,
    hive_rows,
    make_lake,
    offline_group,
    rows_in,
    stream_record,
    version,
)
from tests.support.tables import create_registry_table

EVENTS = Path(__file__).parents[2] / "examples" / "events"
VALUES = {"customer_id": "c1", "event_time": NOON, "clicks": "3", "score": "0.5", "city": "Oslo"}


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


class Context:
    def get_remaining_time_in_millis(self):
        return 60_000


class Bench:
    """The handler under the environment the stack gives it, and a group of its own."""

    def __init__(self):
        self.id = uuid4().hex[:8]
        self.bucket = f"lake-{self.id}"
        self.table = f"registry-{self.id}"
        make_lake(self.bucket)
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, self.table)
        self.registry = DynamoRegistry(BotoDynamo(dynamodb), self.table)
        self.catalog = open_catalog()
        self.tables = IcebergTables(self.catalog)
        self.settings = OfflineWriterSettings(
            stage="dev", registry_table=self.table, offline_bucket=self.bucket
        )

    def group(self, name="customers", make=offline_group, **changes):
        name = f"{name}_{self.id}"
        location = f"s3://{self.bucket}/offline/{name}"
        group = make(location, name=name, table=name, uid=f"u{name}", **changes)
        self.registry.create(group)
        return group

    def created(self, name="customers"):
        group = self.group(name)
        self.tables.create(group)
        return group

    def handle(self, *records, **more):
        return self.invoke({"Records": list(records)} | more)

    def invoke(self, event, context=None):
        handler = importlib.import_module("lambdas.offline_writer.handler").handler
        return handler(event, context or Context())

    def quarantined(self):
        s3 = boto3.client("s3")
        listing = s3.list_objects_v2(Bucket=self.bucket, Prefix="quarantine/")
        keys = [each["Key"] for each in listing.get("Contents", [])]
        return {
            key: orjson.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
            for key in keys
        }


@pytest.fixture
def bench(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    bench = Bench()
    for name, value in bench.settings.to_env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "lambdas.offline_writer.handler", raising=False)
    return bench


def put(group, identifier="c1", sequence=1, entered=1_700_000_000.0, **changes):
    values = VALUES | {"customer_id": identifier} | changes
    record = version(group, values)
    return stream_record(group, new=record, sequence=sequence, entered=entered)


def test_a_batch_of_two_groups_is_in_their_tables(bench):
    customers, orders = bench.created(), bench.created("orders")
    answer = bench.handle(put(customers), put(orders), put(customers, "c2"))
    assert answer == {"batchItemFailures": []}
    assert [r["customer_id"] for r in rows_in(bench.catalog, customers)] == ["c1", "c2"]
    assert [r["clicks"] for r in rows_in(bench.catalog, orders)] == [3]


def test_a_batch_of_groups_of_both_formats_is_in_both_tables(bench):
    iceberg, group = bench.created(), bench.group("hourly", make=hive_group)
    assert bench.handle(put(iceberg), put(group)) == {"batchItemFailures": []}
    assert bench.handle(put(group), put(group, "c2")) == {"batchItemFailures": []}
    assert [each["customer_id"] for each in rows_in(bench.catalog, iceberg)] == ["c1"]
    assert [each["customer_id"] for each in hive_rows(group)] == ["c1", "c2"]


def test_each_commit_is_one_log_line_and_its_metrics(bench, capsys):
    group = bench.created()
    bench.handle(put(group), put(group), put(group, "c2"))
    line, metrics = (json.loads(each) for each in capsys.readouterr().out.splitlines())
    assert line["lag_ms"] > 0
    assert line["snapshot_id"]
    assert {name: line[name] for name in ("message", "group", "table", "rows", "duplicates")} == {
        "message": "rows committed",
        "group": group.name,
        "table": f"larder_dev.{group.name}",
        "rows": 2,
        "duplicates": 1,
    }
    (directive,) = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Larder"
    assert {each["Name"] for each in directive["Metrics"]} == {"OfflineRows", "OfflineLagMs"}
    assert directive["Dimensions"] == [["Stage", "Function"]]
    assert (metrics["Stage"], metrics["Function"]) == ("dev", "offline_writer")
    assert metrics["OfflineRows"] == 2
    assert metrics["OfflineLagMs"] == line["lag_ms"]


def test_a_bad_record_is_one_object_with_reason_and_change_and_is_counted(bench, capsys):
    group = bench.created()
    bad = put(group, "c2", sequence=42, clicks="many")
    assert bench.handle(put(group), bad) == {"batchItemFailures": []}
    ((key, document),) = bench.quarantined().items()
    assert key.startswith(f"quarantine/{group.uid}/2023/11/14/{42:021d}-")
    assert document["record"] == bad
    assert "'many' is not a whole number" in document["reason"]
    bench.handle(bad)
    assert list(bench.quarantined()) == [key]
    printed = capsys.readouterr().out
    assert '"QuarantinedRecords":1.0' in printed
    lines = [json.loads(each) for each in printed.splitlines()]
    (told, again) = [each for each in lines if each.get("message") == "record quarantined"]
    assert told == again
    assert (told["key"], told["reason"]) == (key, "the record does not fit its feature group")
    assert "many" not in printed


def test_a_group_still_being_created_fails_the_batch_from_its_first_record(bench):
    customers = bench.created()
    orders = bench.group("orders", status=FeatureGroupStatus.CREATING)
    answer = bench.handle(put(customers, sequence=1), put(orders, sequence=2, entered=time.time()))
    assert answer == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}
    assert len(rows_in(bench.catalog, customers)) == 1


def test_a_redriven_event_is_answered_with_what_was_done(bench):
    group = bench.created()
    answer = bench.handle(put(group), put(group, "c2", clicks="many"), redrive=True)
    (quarantined,) = answer.pop("quarantined")
    assert "'many' is not a whole number" in quarantined["reason"]
    assert answer == {"batchItemFailures": [], "rows": 1, "duplicates": 0, "error": None}


@pytest.fixture
def function(bench, monkeypatch):
    """The deployed function as the command sees it: Lambda calls the handler in this process."""

    class Lambda:
        def invoke(self, FunctionName, Payload):  # as boto3 names them
            assert FunctionName == "writer"
            answer = bench.invoke(orjson.loads(Payload))
            return {"Payload": BytesIO(orjson.dumps(answer))}

    monkeypatch.setattr(
        "larder.wiring.redrive.open_writer", lambda name: LambdaWriter(Lambda(), name)
    )
    monkeypatch.setenv("LARDER_OFFLINE_WRITER_FUNCTION", "writer")
    return bench


def spill(bench, *records):
    """A failed batch as Lambda's on-failure destination leaves it."""
    key = f"aws/lambda/{uuid4()}/shardId-0/2023/11/14/2023-11-14T22.13.20-{uuid4()}"
    body = {"version": "1.0", "payload": json.dumps({"Records": list(records)})}
    boto3.client("s3").put_object(Bucket=bench.bucket, Key=key, Body=json.dumps(body))
    return key


def left_in(bench, prefix):
    listing = boto3.client("s3").list_objects_v2(Bucket=bench.bucket, Prefix=prefix)
    return [each["Key"] for each in listing.get("Contents", [])]


def test_the_redrive_command_writes_a_spilled_batch_and_removes_it(function, capsys):
    group = function.created()
    function.handle(put(group))
    key = spill(function, put(group), put(group, "c2"))
    capsys.readouterr()
    assert main(["redrive", "--bucket", function.bucket]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{key}: 2 records, 1 rows written, 1 were there" in lines
    assert lines[-1] == "1 objects redriven, 0 kept"
    assert left_in(function, "aws/lambda/") == []
    assert len(rows_in(function.catalog, group)) == 2


def test_the_redrive_command_keeps_what_is_still_bad(function, capsys):
    group = function.created()
    function.handle(put(group, clicks="many"))
    assert main(["redrive", "--prefix", "quarantine/", "--json", "--bucket", function.bucket]) == 1
    outcome = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "still not writable" in outcome["problem"]
    assert len(function.quarantined()) == 1


def test_the_redrive_command_writes_the_quarantine_once_the_cause_is_mended(function):
    group = function.group()
    function.handle(put(group))
    assert len(function.quarantined()) == 1
    function.tables.create(group)
    assert main(["redrive", "--bucket", function.bucket]) == 0
    assert function.quarantined() == {}
    assert len(rows_in(function.catalog, group)) == 1


def test_a_dry_run_of_the_redrive_command_only_counts(function, capsys):
    group = function.created()
    key = spill(function, put(group))
    assert main(["redrive", "--dry-run", "--bucket", function.bucket]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 objects would be redriven, 0 kept"
    assert left_in(function, "aws/lambda/") == [key]


def test_the_redrive_command_says_which_setting_it_lacks(bench, monkeypatch, capsys):
    monkeypatch.delenv("LARDER_OFFLINE_WRITER_FUNCTION", raising=False)
    assert main(["redrive", "--bucket", bench.bucket]) == 2
    assert "--function or set LARDER_OFFLINE_WRITER_FUNCTION" in capsys.readouterr().err


def test_the_sample_event_is_taken(bench):
    """The file that ``aws lambda invoke`` is shown with in the documentation."""
    event = json.loads((EVENTS / "offline_writer.json").read_text())
    assert bench.invoke(event) == {"batchItemFailures": []}
    ((_, document),) = bench.quarantined().items()
    assert document["reason"] == "no feature group has the uid 'sampleuid001'"
