"""Where the local platform is not AWS: every gap is filled, refused, or harmless and says why.

``emulator_gaps.yaml`` lists them with the tests that observe them, of which some are here. They run
on every change of ministack's version: the launcher replaces private functions of it. The stack
under test is a small one of its own, so that a gap shows here and not in Larder's stacks.
"""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from local import processes, services
from local.layout import ACCOUNT, REGION, REPOSITORY
from tests.e2e.conftest import Credentials, DeployedPlatform
from tests.support.deadlines import eventually
from tests.support.iam_users import allow, make_user

pytestmark = pytest.mark.e2e
GAPS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("emulator_gaps.yaml").read_text()
)
NO_GAP = {"__init__", "__main__", "certificate", "letter_case"}
"""Modules of the emulator that only help others."""


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap["gap"][:40])
def test_a_gap_is_filled_or_refused_with_evidence_or_harmless_with_a_reason(
    gap: dict[str, Any],
) -> None:
    assert gap["verdict"] in ("filled", "refused", "harmless")
    assert (gap["verdict"] == "filled") == ("module" in gap)
    assert gap["verdict"] == "filled" or gap["why"]
    assert gap["verdict"] == "harmless" or gap["evidence"]
    if "module" in gap:
        assert (REPOSITORY / "local" / gap["module"]).is_file()
    for test in gap.get("evidence", ()):
        file, _, name = test.partition("::")
        tree = ast.parse((REPOSITORY / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_module_of_the_launcher_fills_a_gap_that_is_listed() -> None:
    modules = {path.stem for path in (REPOSITORY / "local" / "emulator").glob("*.py")} - NO_GAP
    assert modules <= {Path(gap["module"]).stem for gap in GAPS if "module" in gap}


def test_a_type_that_is_missing_is_refused_by_its_name(platform: DeployedPlatform) -> None:
    kind = "AWS::CloudWatch::CompositeAlarm"
    alarm = {"Type": kind, "Properties": {"AlarmRule": "ALARM(a)"}}
    bucket = {"Type": "AWS::S3::Bucket"}
    with pytest.raises(ClientError, match=f"Unrecognized resource types: .*{kind}"):
        platform.client("cloudformation").create_stack(
            StackName="refused",
            TemplateBody=json.dumps({"Resources": {"Alarm": alarm, "Bucket": bucket}}),
        )
    stacks = platform.client("cloudformation").describe_stacks()["Stacks"]
    assert "refused" not in [stack["StackName"] for stack in stacks]


def test_a_stream_is_read_by_whom_a_policy_names_it_for(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    table = platform.client("dynamodb").describe_table(TableName=gap_stack["Global"])["Table"]
    elsewhere = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/other/stream/*"
    read = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    one, other = (
        platform.client(
            "dynamodbstreams",
            Credentials(*make_user(platform.client("iam"), allow(read, resource))),
        )
        for resource in (table["LatestStreamArn"], elsewhere)
    )
    assert one.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"]
    with pytest.raises(ClientError) as refused:
        other.describe_stream(StreamArn=table["LatestStreamArn"])
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux shows a process's ports")
def test_every_service_listens_on_the_loopback_interface_alone(platform: DeployedPlatform) -> None:
    ports = platform.platform.ports
    allowed = {
        "emulator": {ports["emulator"]},
        "athena": {ports["athena"]},
        "valkey": {ports["valkey"], services.cluster_bus_port(ports["valkey"])},
    }
    for name, expected in allowed.items():
        pid = processes.running_pid(platform.platform, name)
        assert pid is not None
        assert _listening(pid) == {("127.0.0.1", port) for port in expected}


def _listening(pid: int) -> set[tuple[str, int]]:
    """The IPv4 addresses on which a process listens, and whether it listens on IPv6 at all."""
    open_files = {str(f.readlink()) for f in Path(f"/proc/{pid}/fd").iterdir() if f.exists()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in open_files:
                address, _, port = fields[1].partition(":")
                octets = bytes.fromhex(address)[::-1]
                text = ".".join(map(str, octets)) if table == "tcp" else address
                found.add((text, int(port, 16)))
    return found


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
