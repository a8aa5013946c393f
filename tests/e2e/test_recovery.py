"""Point-in-time recovery of the local DynamoDB, by AWS's own API."""

import math
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import DeployedPlatform
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def dynamodb(platform: DeployedPlatform) -> Any:
    return platform.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any) -> Iterator[str]:
    """A table with recovery, and four items in it."""
    name = f"recovery-{uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for key in "abcd":
        dynamodb.put_item(TableName=name, Item={"pk": {"S": key}, "v": {"N": "1"}})
    yield name
    dynamodb.delete_table(TableName=name)


def whole_second() -> int:
    """An instant after all that was done and before all that comes."""
    moment = math.ceil(time.time())
    eventually(lambda: time.time() > moment, every=0.02)
    return moment


def items(dynamodb: Any, name: str) -> dict[str, str]:
    found = dynamodb.scan(TableName=name)["Items"]
    return {item["pk"]["S"]: item["v"]["N"] for item in found}


def restored(dynamodb: Any, source: str, moment: int) -> str:
    target = f"{source}-{moment}"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=target, RestoreDateTime=moment
    )
    dynamodb.get_waiter("table_exists").wait(TableName=target, WaiterConfig={"Delay": 1})
    return target


def test_r7_a_table_is_restored_as_it_was_at_an_instant(dynamodb: Any, table: str) -> None:
    before = whole_second()
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "v": {"N": "2"}})
    dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": "b"}},
        UpdateExpression="SET v = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": "c"}})
    put = {"PutRequest": {"Item": {"pk": {"S": "e"}, "v": {"N": "2"}}}}
    gone = {"DeleteRequest": {"Key": {"pk": {"S": "d"}}}}
    dynamodb.batch_write_item(RequestItems={table: [put, gone]})
    after = whole_second()
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": "a"}})

    names = [restored(dynamodb, table, moment) for moment in (before, after)]

    assert items(dynamodb, names[0]) == dict.fromkeys("abcd", "1")
    assert items(dynamodb, names[1]) == dict.fromkeys("abe", "2")
    assert items(dynamodb, table) == {"b": "2", "e": "2"}
    fresh = dynamodb.describe_table(TableName=names[0])["Table"]
    assert "LatestStreamArn" not in fresh  # as on AWS, what is not items is switched on again
    for name in names:
        dynamodb.delete_table(TableName=name)


def test_what_cannot_be_restored_is_refused(dynamodb: Any, table: str) -> None:
    described = dynamodb.describe_continuous_backups(TableName=table)
    recovery = described["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    too_early = int(recovery["EarliestRestorableDateTime"].timestamp()) - 60
    for moment in (too_early, int(time.time()) + 600):
        with pytest.raises(ClientError, match="InvalidRestoreTime"):
            restored(dynamodb, table, moment)
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailable"):
        restored(dynamodb, table, int(time.time()))
