"""The purge of a deleted group's records, on moto's DynamoDB."""

import boto3
import pytest
from moto import mock_aws

from larder.backoff import Backoff
from larder.lifecycle.adapters.dynamodb_purge import DynamoPurge
from tests.support.groups import feature_group
from tests.support.offline import seconds
from tests.support.tables import create_records_table

GROUP = feature_group(shards=4)


@pytest.fixture
def client():
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_records_table(client, "records")
        yield client


def fill(client, count):
    for number in range(count):
        pk = f"{'RL'[number % 2]}#{GROUP.uid}#{number % GROUP.shards}"
        client.put_item(TableName="records", Item={"pk": {"S": pk}, "sk": {"S": f"r{number}"}})


def left(client):
    return client.scan(TableName="records")["Count"]


def test_records_and_log_items_of_all_shards_go(client):
    fill(client, 130)
    assert DynamoPurge(client, "records").purge(GROUP, remaining=seconds(60))
    assert left(client) == 0


def test_a_purge_out_of_time_goes_on_at_the_next_call(client):
    fill(client, 130)
    times = iter([5.0, 5.0, 0.0])
    purge = DynamoPurge(client, "records")
    assert not purge.purge(GROUP, remaining=lambda: next(times))
    assert 0 < left(client) < 130
    assert purge.purge(GROUP, remaining=seconds(60))
    assert left(client) == 0


def test_what_dynamodb_did_not_take_is_sent_again(client):
    fill(client, 10)
    refused = []

    def refuse_half(parsed, **_):
        if len(refused) < 2:
            keys = [{"DeleteRequest": {"Key": {"pk": {"S": "R#x#0"}, "sk": {"S": "r"}}}}]
            refused.append(keys)
            parsed["UnprocessedItems"] = {"records": keys}

    client.meta.events.register("after-call.dynamodb.BatchWriteItem", refuse_half)
    pauses = []
    purge = DynamoPurge(
        client, "records", Backoff(first=0.05, sleep=pauses.append, jitter=lambda: 1.0)
    )
    assert purge.purge(GROUP, remaining=seconds(60))
    assert pauses == [0.05, 0.1]
    assert left(client) == 0
