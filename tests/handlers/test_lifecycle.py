"""The lifecycle's handler, with the events Lambda sends, over DynamoDB, S3 and Glue of moto."""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ServiceUnavailable
from larder.groups.adapters.dynamodb_item import to_item
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    TableFormat,
    UpdateStatus,
)
from larder.groups.listing import GroupOrder
from larder.lifecycle.advance import Lifecycle
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.served import EndpointStatus
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.settings.lifecycle import LifecycleSettings
from tests.support.formats import MODEL_ITEMS
from tests.support.groups import FEATURES
from tests.support.logs import metrics_in
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake, offline_group
from tests.support.tables import create_records_table, create_registry_table

EVENTS = Path(__file__).parents[2] / "examples" / "events"


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


class Context:
    def get_remaining_time_in_millis(self):
        return 60_000


class Bench:
    """The handler under the environment the stack gives it, and tables of its own."""

    def __init__(self):
        self.id = uuid4().hex[:8]
        self.bucket = f"lake-{self.id}"
        make_lake(self.bucket)
        self.dynamodb = boto3.client("dynamodb")
        create_registry_table(self.dynamodb, f"registry-{self.id}")
        create_records_table(self.dynamodb, f"records-{self.id}")
        self.registry = DynamoRegistry(BotoDynamo(self.dynamodb), f"registry-{self.id}")
        self.catalog = open_catalog()
        self.settings = LifecycleSettings(
            registry_table=f"registry-{self.id}",
            records_table=f"records-{self.id}",
            offline_bucket=self.bucket,
            glue_database="larder_dev",
            group_cache_seconds=0.01,
        )

    def registered(self, name="customers", status=FeatureGroupStatus.CREATING, **changes):
        table = f"{name}_{self.id}"
        group = offline_group(
            f"s3://{self.bucket}/offline/{table}",
            name=name,
            table=table,
            uid=f"u{table}",
            status=status,
            **changes,
        )
        self.registry.create(group)
        return group

    def handle(self, *groups):
        """Deliver the registry's changes of these groups."""
        records = [record(name, sequence) for sequence, name in enumerate(groups, start=1)]
        return self.invoke({"Records": records})

    def invoke(self, event):
        handler = importlib.import_module("lambdas.lifecycle.handler").handler
        return handler(event, Context())

    def columns(self, group):
        return self.catalog.load_table(("larder_dev", group.offline.table)).schema().column_names


def record(name, sequence, event="MODIFY", pk=None):
    keys = {"pk": {"S": pk or f"G#{name}"}, "sk": {"S": "group"}}
    stream = {"Keys": keys, "NewImage": keys, "SequenceNumber": str(sequence)}
    return {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": stream}


@pytest.fixture
def bench(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    bench = Bench()
    for name, value in bench.settings.to_env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "lambdas.lifecycle.handler", raising=False)
    return bench


def test_a_new_group_gets_its_table_and_is_created(bench):
    group = bench.registered()
    assert bench.handle("customers") == {"batchItemFailures": []}
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATED
    assert bench.columns(group)[:2] == ["customer_id", "event_time"]


def test_a_new_group_of_format_glue_gets_a_table_over_its_files(bench):
    store = replace(bench.registered("other").offline, table_format=TableFormat.GLUE)
    store = replace(store, table=f"hourly_{bench.id}", location=f"{store.location}-hourly")
    group = bench.registered("hourly", offline=store)
    assert bench.handle("hourly") == {"batchItemFailures": []}
    assert bench.registry.get("hourly").status is FeatureGroupStatus.CREATED
    found = boto3.client("glue").get_table(DatabaseName="larder_dev", Name=group.offline.table)
    assert found["Table"]["StorageDescriptor"]["Location"] == f"{store.location}/data"


def test_a_name_taken_in_glue_fails_the_creation_with_the_reason(bench):
    group = bench.registered()
    boto3.client("glue").create_table(
        DatabaseName="larder_dev", TableInput={"Name": group.offline.table, "Parameters": {}}
    )
    assert bench.handle("customers") == {"batchItemFailures": []}
    failed = bench.registry.get("customers")
    assert failed.status is FeatureGroupStatus.CREATE_FAILED
    assert failed.failure_reason == (
        f"the table larder_dev.{group.offline.table} already exists and is not an Iceberg table"
    )


def test_an_added_feature_gets_its_column(bench):
    bench.registered()
    bench.handle("customers")
    created = bench.registry.get("customers")
    zip_code = FeatureDefinition("Zip", FeatureType.STRING)
    grown = replace(created, features=(*FEATURES, zip_code), last_update=UpdateStatus.IN_PROGRESS)
    bench.registry.replace(grown)
    assert bench.handle("customers") == {"batchItemFailures": []}
    assert bench.registry.get("customers").last_update is UpdateStatus.SUCCESSFUL
    assert "zip" in bench.columns(grown)


def test_a_deleted_groups_records_are_gone_and_its_offline_table_stays(bench):
    group = bench.registered()
    bench.handle("customers")
    table = bench.settings.records_table
    for number in range(60):
        for kind in "RL":
            key = {"pk": {"S": f"{kind}#{group.uid}#{number % 3}"}, "sk": {"S": f"r{number}"}}
            bench.dynamodb.put_item(TableName=table, Item=key)
    other = {"pk": {"S": f"R#{group.uid}x#0"}, "sk": {"S": "r1"}}
    bench.dynamodb.put_item(TableName=table, Item=other)
    bench.registry.replace(
        replace(bench.registry.get("customers"), status=FeatureGroupStatus.DELETING)
    )
    assert bench.handle("customers") == {"batchItemFailures": []}
    assert bench.registry.get("customers") is None
    assert bench.dynamodb.scan(TableName=table)["Items"] == [other]
    assert "customer_id" in bench.columns(group)


def test_a_group_that_cannot_be_finished_now_is_delivered_again_with_what_follows(
    bench, monkeypatch
):
    future = 4_000_000_000_000_000
    bench.registered("dying", FeatureGroupStatus.DELETING, last_modified_time=future)
    bench.registered()
    answer = bench.handle("unknown", "dying", "customers")
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATED


def test_removals_and_other_items_of_the_registry_are_nothing_to_do(bench):
    bench.registered()
    records = [record("customers", 1, event="REMOVE"), record("", 2, pk="U#ucustomers")]
    assert bench.invoke({"Records": records}) == {"batchItemFailures": []}
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATING


def test_a_sweep_finishes_all_groups_with_work_to_do(bench):
    bench.registered()
    bench.registered("orders")
    event = json.loads((EVENTS / "lifecycle.json").read_text())
    assert bench.invoke(event) == {"unfinished": [], "overlaps": []}
    statuses = [bench.registry.get(name).status for name in ("customers", "orders")]
    assert statuses == [FeatureGroupStatus.CREATED] * 2


def test_a_sweep_ends_the_update_of_an_endpoint_that_stopped_and_counts_it(bench, capsys):
    client = BotoDynamo(bench.dynamodb)
    endpoints = dynamo_model_registry(client, bench.settings.registry_table).endpoints
    (_, moving) = MODEL_ITEMS["v1-endpoint-moving"]
    served = replace(moving.served, status=EndpointStatus.UPDATING)
    endpoints.create(replace(moving, served=served, revision=1))
    assert bench.invoke({}) == {"unfinished": [], "overlaps": []}
    ended = endpoints.get("scoring")
    assert (ended.status, ended.pending) == (EndpointStatus.IN_SERVICE, None)
    assert (ended.served.green, ended.failure) == (None, "an alarm")
    out = capsys.readouterr().out
    assert "an update had stopped: it was ended" in out
    assert metrics_in(out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}
    assert bench.invoke({})["unfinished"] == []
    assert metrics_in(capsys.readouterr().out)["ScheduledFailures"] == 0.0


def test_what_a_sweep_leaves_undone_is_a_metric_and_the_others_are_done(bench, capsys):
    future = 4_000_000_000_000_000
    bench.registered("dying", FeatureGroupStatus.DELETING, last_modified_time=future)
    bench.registered()
    assert bench.invoke({})["unfinished"] == ["dying"]
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATED
    assert metrics_in(capsys.readouterr().out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}


def test_a_group_of_a_newer_release_is_a_failure_of_the_sweep_and_the_others_are_done(
    bench, capsys
):
    newer = to_item(bench.registered("newer"))
    newer["doc"] = {"S": newer["doc"]["S"].replace('"status":"Creating"', '"status":"Archived"')}
    bench.dynamodb.put_item(TableName=f"registry-{bench.id}", Item=newer)
    bench.registered()
    assert bench.invoke({}) == {"unfinished": [], "overlaps": []}
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATED
    told = capsys.readouterr().out
    assert "feature group newer" in told and "'Archived'" in told
    assert metrics_in(told) == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}


@pytest.fixture
def unforeseen(monkeypatch):
    """An error of group ``odd`` that nobody foresaw."""
    advance = Lifecycle.advance

    def odd(self, name, **named):
        if name == "odd":
            raise KeyError("a cell that no log may show".upper())
        return advance(self, name, **named)

    monkeypatch.setattr(Lifecycle, "advance", odd)


@pytest.mark.usefixtures("unforeseen")
def test_an_error_of_one_group_that_nobody_foresaw_stops_no_other(bench, capsys):
    bench.registered("odd")
    bench.registered()
    assert bench.handle("odd", "customers") == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATED
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [each for each in told if each["level"] == "ERROR"]
    assert line["group"] == "odd" and line["trace"].endswith("KeyError")
    assert "A CELL" not in json.dumps(told)


@pytest.mark.usefixtures("unforeseen")
def test_a_sweep_goes_on_after_an_error_that_nobody_foresaw(bench, capsys):
    bench.registered("odd")
    bench.registered()
    assert bench.invoke({})["unfinished"] == ["odd"]
    assert bench.registry.get("customers").status is FeatureGroupStatus.CREATED
    assert metrics_in(capsys.readouterr().out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}


def test_listings_that_a_sweep_could_not_repair_are_a_failure(bench, capsys, monkeypatch):
    def repair(_self, **_named):
        raise ServiceUnavailable("DynamoDB answers nothing")

    monkeypatch.setattr(DynamoRegistry, "repair", repair)
    bench.registered()
    assert bench.invoke({})["unfinished"] == []
    assert metrics_in(capsys.readouterr().out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}


def test_a_sweep_names_groups_whose_files_an_earlier_release_let_overlap(bench, capsys):
    outer = bench.registered()
    inner = replace(
        outer.offline, location=f"{outer.offline.location}/data/x", table=f"b_{bench.id}"
    )
    bench.registered("inner", offline=inner)

    (text,) = bench.invoke({})["overlaps"]

    assert f"feature group inner at {inner.location} lie in the folder of feature" in text
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line.get("message") == "offline files overlap"]
    assert [(line["level"], line["problem"]) for line in told] == [("WARNING", text)]


def test_a_registry_of_an_earlier_release_is_ready_for_listings_after_the_first_event(
    bench, capsys
):
    groups = [bench.registered(name) for name in ("customers", "orders")]
    table = bench.settings.registry_table
    for item in bench.dynamodb.scan(TableName=table)["Items"]:
        if item["pk"]["S"].startswith("I#"):
            bench.dynamodb.delete_item(
                TableName=table, Key={name: item[name] for name in ("pk", "sk")}
            )

    assert bench.handle("customers") == {"batchItemFailures": []}

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["groups"] for line in lines if line["message"] == "listings repaired"] == [2]
    listed = [name for _, name in bench.registry.walk(GroupOrder.NAME)]
    assert [group.uid for group in listed] == [group.uid for group in groups]
    items = bench.dynamodb.scan(TableName=table)["Items"]
    assert {"pk": {"S": "I#"}, "sk": {"S": "complete"}} in items
    bench.handle("orders")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "listings repaired" not in [line["message"] for line in lines]


def test_a_change_of_status_arrives_on_the_default_bus(bench):
    group = bench.registered()
    sqs, events = boto3.client("sqs"), boto3.client("events")
    queue = sqs.create_queue(QueueName=f"heard-{bench.id}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"source": ["larder"], "detail-type": ["SageMaker Feature Group State Change"]}
    events.put_rule(Name=f"all-{bench.id}", EventPattern=json.dumps(pattern))
    events.put_targets(Rule=f"all-{bench.id}", Targets=[{"Id": "1", "Arn": arn["QueueArn"]}])

    change = record("customers", 1, event="INSERT")
    change["dynamodb"]["NewImage"] = to_item(group)
    assert bench.invoke({"Records": [change]}) == {"batchItemFailures": []}

    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    heard = json.loads(message["Body"])
    assert heard["resources"] == [group.arn]
    assert heard["detail"]["FeatureGroupStatus"] == "Creating"
