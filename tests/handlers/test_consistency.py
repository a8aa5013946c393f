"""How a read says over HTTP what it may miss."""

import pytest

from larder.groups.feature_group import OnlineStore, StorageType
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.ports import Consistency
from larder.records.record import Slot
from tests.handlers.test_runtime import T1, Door
from tests.support.groups import feature_group
from tests.support.stores import Told

HEADER = "x-larder-consistency"
GROUP = feature_group(online=OnlineStore(StorageType.STANDARD_V2))


@pytest.fixture
def door():
    door = Door(GROUP, store=Told())
    door.put("c1")
    return door


def get(door, **headers):
    query = "RecordIdentifierValueAsString=c1"
    return door.call("GET", "/FeatureGroup/customers", query=query, headers=headers)


def batch_get(door, **headers):
    asked = {"FeatureGroupName": "customers", "RecordIdentifiersValueAsString": ["c1"]}
    body = {"Identifiers": [asked]}
    return door.call("POST", "/BatchGetRecord", body=body, headers=headers)


@pytest.mark.parametrize("read", [get, batch_get])
@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({}, Consistency.DEFAULT),
        ({HEADER: "strong"}, Consistency.STRONG),
        ({"X-Larder-Consistency": "eventual"}, Consistency.EVENTUAL),
    ],
)
def test_a_read_asks_the_store_for_the_consistency_of_its_header(door, read, headers, asked):
    status, body = read(door, **headers)
    assert (status, door.store.asked) == (200, [asked])
    assert body.get("Record") or body["Records"]


@pytest.mark.parametrize("read", [get, batch_get])
def test_a_consistency_that_is_none_is_refused_by_name(door, read):
    status, body = read(door, **{HEADER: "linearizable"})
    assert (status, body["__type"]) == (400, "ValidationError")
    assert HEADER in body["message"]
    assert "'linearizable'" in body["message"]
    assert "strong" in body["message"]
    assert door.store.asked == []


def test_an_update_is_made_from_what_is_surely_stored(door):
    body = {
        "RecordIdentifierValueAsString": "c1",
        "Features": [{"FeatureName": "event_time", "ValueAsString": T1}],
    }
    path = "/FeatureGroup/customers/Record"
    assert door.call("POST", path, body=body)[0] == 200
    assert door.store.asked == [Consistency.STRONG]


class _Dynamo:
    """DynamoDB without any item, that remembers how it was read."""

    def __init__(self):
        self.consistent = []

    def call(self, operation, request, attempt=None):
        if operation == "GetItem":
            self.consistent.append(request["ConsistentRead"])
            return {}
        self.consistent += [each["ConsistentRead"] for each in request["RequestItems"].values()]
        return {"Responses": {}}


@pytest.mark.parametrize("identifiers", ["a", "ab"])
@pytest.mark.parametrize("consistency", Consistency)
def test_dynamodb_may_answer_from_behind_only_where_that_is_asked_for(identifiers, consistency):
    dynamodb = _Dynamo()
    slots = [Slot("u1", 64, each) for each in identifiers]
    DynamoRecordStore(dynamodb, "records").get(slots, consistency=consistency)
    assert dynamodb.consistent == [consistency is not Consistency.EVENTUAL]
