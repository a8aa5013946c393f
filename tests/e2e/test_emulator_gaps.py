"""What the emulator's launcher fills in, observed through AWS's own APIs.

Runs on every change of ministack's version: the launcher replaces private functions of it. The
stack under test is a small one of its own, so that a gap shows here and not in Larder's stacks.
"""

import json

import pytest

from tests.e2e.conftest import DeployedPlatform
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("table", ["Global", "Single"])
def test_a_table_has_the_lifetime_recovery_and_encryption_of_its_template(
    platform: DeployedPlatform, gap_stack: dict[str, str], table: str
) -> None:
    dynamodb, name = platform.client("dynamodb"), gap_stack[table]
    lifetime = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert lifetime == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    encryption = dynamodb.describe_table(TableName=name)["Table"]["SSEDescription"]
    assert encryption["Status"] == "ENABLED"
    assert encryption["KMSMasterKeyArn"].endswith(gap_stack["Key"])


def test_a_bucket_has_the_encryption_and_lifecycle_of_its_template(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    s3, bucket = platform.client("s3"), gap_stack["Bucket"]
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "aws:kms"
    assert default["KMSMasterKeyID"].endswith(gap_stack["Key"])
    rules = {
        rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    }
    assert rules["results"]["Expiration"]["Days"] == 7
    assert rules["results"]["Filter"]["Prefix"] == "results/"
    assert rules["uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    assert rules["uploads"]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30


def test_an_alarm_on_metric_math_is_stored(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    alarms = platform.client("cloudwatch").describe_alarms(AlarmNames=[gap_stack["Math"]])
    assert len(alarms["MetricAlarms"]) == 1


def test_a_poison_record_reaches_the_failure_bucket_alone_and_whole(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    dynamodb, s3 = platform.client("dynamodb"), platform.client("s3")
    for key in ("a", "b", "poison", "c", "d"):
        dynamodb.put_item(
            TableName=gap_stack["Global"], Item={"pk": {"S": key}, "value": {"S": f"of {key}"}}
        )
    prefix = f"aws/lambda/{gap_stack['Mapping']}/"
    (spilled,) = eventually(
        lambda: s3.list_objects_v2(Bucket=gap_stack["Bucket"], Prefix=prefix).get("Contents")
    )
    record = json.loads(
        s3.get_object(Bucket=gap_stack["Bucket"], Key=spilled["Key"])["Body"].read()
    )
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    assert record["requestContext"]["approximateInvokeCount"] == 2
    (change,) = json.loads(record["payload"])["Records"]
    assert change["dynamodb"]["NewImage"] == {"pk": {"S": "poison"}, "value": {"S": "of poison"}}
    assert change["eventName"] == "INSERT"


def test_two_quick_updates_of_an_item_are_two_records_with_their_own_images(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    dynamodb, table = platform.client("dynamodb"), gap_stack["Global"]
    for value in ("1", "2"):
        dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": "twice"}},
            UpdateExpression="SET v = :v",
            ExpressionAttributeValues={":v": {"N": value}},
        )
    streams = platform.client("dynamodbstreams")
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    images = [
        record["dynamodb"]["NewImage"]["v"]["N"]
        for record in streams.get_records(ShardIterator=iterator)["Records"]
        if record["dynamodb"]["Keys"]["pk"]["S"] == "twice"
    ]
    assert images == ["1", "2"]
