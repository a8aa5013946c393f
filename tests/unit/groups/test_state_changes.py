"""Which of the registry's changes are announced, how often, and in what words."""

import json
from dataclasses import replace

import pytest

from lambdas.lifecycle.events import create_consumer
from larder.errors import ServiceUnavailable
from larder.groups.adapters.dynamodb_item import to_item, uid_key
from larder.groups.api.state_change import state_change
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    UpdateStatus,
)
from larder.lifecycle.advance import Lifecycle
from larder.models.adapters import dynamodb_item as model_item
from larder.models.registry_items import Kind
from larder.testing.groups import MemoryRegistry
from larder.wiring.lifecycle import GroupLifecycle
from tests.support.groups import feature_group
from tests.support.logs import collecting
from tests.support.packages import model_package
from tests.unit.lifecycle.test_lifecycle import Records, Tables

CREATED = feature_group()
CREATING = replace(CREATED, status=FeatureGroupStatus.CREATING)
DELETING = replace(CREATED, status=FeatureGroupStatus.DELETING)
GROWING = replace(CREATED, last_update=UpdateStatus.IN_PROGRESS)


def record(old, new, sequence="1"):
    images = {"OldImage": old, "NewImage": new}
    keys = next(image for image in (new, old) if image)
    stream = {name: to_item(group) for name, group in images.items() if group}
    item = to_item(keys)
    stream |= {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "SequenceNumber": sequence}
    name = "INSERT" if old is None else "MODIFY" if new else "REMOVE"
    return {"eventName": name, "dynamodb": stream}


class Bus:
    """Takes events until it is told to fail; then refuses those of the named group."""

    def __init__(self):
        self.taken = []
        self.refuses = None

    def publish(self, change):
        detail = json.loads(change.detail)
        if detail["FeatureGroupName"] == self.refuses:
            raise ServiceUnavailable("no bus")
        self.taken.append((detail["FeatureGroupName"], detail["FeatureGroupStatus"]))


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def consume(bus):
    def consume(*records, lines=None):
        lifecycle = Lifecycle(
            registry=MemoryRegistry(),
            tables=Tables(),
            records=Records(),
            group_cache_seconds=0,
            bucket="lake",
        )
        graph = GroupLifecycle(lifecycle=lifecycle, publish=bus.publish)
        log = collecting([] if lines is None else lines)
        answer = create_consumer(graph, log)({"Records": list(records)}, lambda: 60.0)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    return consume


@pytest.mark.parametrize(
    ("old", "new"),
    [(None, CREATING), (CREATING, CREATED), (CREATED, DELETING), (CREATED, GROWING)],
)
def test_each_change_of_status_is_announced(consume, bus, old, new):
    assert consume(record(old, new)) == []
    assert bus.taken == [("customers", new.status.value)]


def test_other_changes_and_removals_are_not(consume, bus):
    tagged = replace(CREATED, tags=(("team", "ops"),), revision=2)
    pointer = {"Keys": uid_key("u"), "NewImage": {**uid_key("u"), "name": {"S": "customers"}}}
    pointer["SequenceNumber"] = "3"
    records = [
        record(CREATED, tagged),
        record(DELETING, None, "2"),
        {"eventName": "INSERT", "dynamodb": pointer},
    ]
    assert consume(*records) == []
    assert bus.taken == []


def test_what_the_bus_refused_is_delivered_again_and_holds_up_nothing_else(consume, bus):
    bus.refuses = "customers"
    lines = []
    records = [
        record(None, feature_group("orders"), "1"),
        record(None, CREATED, "2"),
        record(None, feature_group("routes"), "3"),
    ]
    assert consume(*records, lines=lines) == ["2"]
    assert [name for name, _ in bus.taken] == ["orders", "routes"]
    (line,) = (line for line in map(json.loads, lines) if line["message"] == "not announced")
    assert (line["resource"], line["error"]) == (CREATED.arn, "no bus")


def test_a_package_of_a_newer_release_waits_and_holds_up_nothing_else(consume, bus):
    item = model_item.to_item(Kind.PACKAGE, model_package("Churn/1"))
    item["doc"] = {"S": json.dumps({**json.loads(item["doc"]["S"]), "format": 2})}
    keys = {name: item[name] for name in ("pk", "sk")}
    stream = {"NewImage": item, "Keys": keys, "SequenceNumber": "1"}
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/registry/stream/2026"
    package = {"eventName": "INSERT", "eventSourceARN": arn, "dynamodb": stream}

    lines = []
    assert consume(package, record(None, feature_group("orders"), "2"), lines=lines) == ["1"]
    assert [name for name, _ in bus.taken] == ["orders"]
    assert any("model package Churn/1 is of format 2" in line for line in lines)


def test_an_event_reads_like_a_description_with_times_in_milliseconds():
    change = state_change(CREATED)
    detail = json.loads(change.detail)
    assert change.resource == CREATED.arn
    assert detail["CreationTime"] == 1_700_000_000_000
    assert detail["FeatureGroupStatus"] == "Created"
    assert detail["OnlineStoreConfig"] == {"EnableOnlineStore": True, "StorageType": "Standard"}
    assert len(detail["FeatureDefinitions"]) == 5


def test_an_event_is_never_larger_than_eventbridge_takes():
    features = tuple(
        FeatureDefinition(f"{n:04}{'x' * 60}", FeatureType.FRACTIONAL) for n in range(2500)
    )
    detail = state_change(feature_group(features=(*CREATED.features, *features))).detail
    assert len(detail.encode()) < 250_000
    assert "FeatureDefinitions" not in json.loads(detail)
