"""Rows that are lost on either side of the deployed platform are found by ``larder reconcile``, and
brought back."""

import json
import time

import pytest

from larder.records.adapters.dynamodb_item import parse_partition, record_key, to_attributes
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State
from tests.e2e.test_ingestion import count, group, larder
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
__all__ = ["group"]
HOUR = 3600 * 10**6
WHEN = "2024-01-01T00:00:00Z"
WHEN_NANOS = 1_704_067_200 * 10**9


def slot_of_shard(platform, name, identifier):
    """Where a record of the group lies, by one that the API has put."""
    pages = platform.client("dynamodb").get_paginator("scan").paginate(
        TableName=platform.outputs["RecordsTableName"],
        FilterExpression="sk = :key",
        ExpressionAttributeValues={":key": {"S": f"r{name}-seed"}},
    )  # fmt: skip
    (item,) = (item for page in pages for item in page["Items"])
    _, uid = parse_partition(item["pk"]["S"])
    return Slot(uid, 64, identifier)


def put(platform, name, identifier):
    platform.client("sagemaker-featurestore-runtime").put_record(
        FeatureGroupName=name,
        Record=[
            {"FeatureName": "customer_id", "ValueAsString": identifier},
            {"FeatureName": "event_time", "ValueAsString": WHEN},
            {"FeatureName": "clicks", "ValueAsString": "7"},
        ],
    )


def reconciled(platform, folder, *arguments):
    done = larder(platform, folder, "reconcile", *arguments, "--grace", "0", "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_rows_lost_on_either_side_are_found_and_brought_back(platform, group, tmp_path):
    name, dynamodb = group["FeatureGroupName"], platform.client("dynamodb")
    table = platform.outputs["RecordsTableName"]
    lost_online = [f"on-{number}" for number in range(10)]
    for identifier in [f"{name}-seed", *lost_online]:
        put(platform, name, identifier)
    eventually(lambda: count(platform, group) == 11)
    for identifier in lost_online:
        key = record_key(slot_of_shard(platform, name, identifier))
        dynamodb.delete_item(TableName=table, Key=key)
    lost_offline = [f"off-{number}" for number in range(20)]
    written = time.time_ns() // 1000 - HOUR
    for identifier in lost_offline:  # as a bulk load puts them, whose rows are lost since
        version = RecordVersion(
            identifier, WHEN_NANOS, written, written, State.LIVE,
            pack({0: identifier, 1: WHEN, 2: "3"}), 4, recorded=True,
        )  # fmt: skip
        item = record_key(slot_of_shard(platform, name, identifier))
        item |= to_attributes(version, now_nanos=written * 1000)
        dynamodb.put_item(TableName=table, Item=item)

    planted = {"missing offline": 20, "missing online": 10}
    status, found = reconciled(platform, tmp_path, name)
    assert (status, found["differences"], found["remaining"]) == (1, planted, 30)
    status, found = reconciled(platform, tmp_path, name, "--repair")
    assert (status, found["repaired"], found["remaining"]) == (0, planted, 0), found
    assert count(platform, group) == 31
    status, found = reconciled(platform, tmp_path, name, "--repair")
    assert (status, found["differences"], found["compared"]) == (0, {}, 31)
    assert count(platform, group) == 31
    runtime = platform.client("sagemaker-featurestore-runtime")
    for identifier in lost_online:
        read = runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString=identifier)
        assert {"FeatureName": "clicks", "ValueAsString": "7"} in read["Record"]
