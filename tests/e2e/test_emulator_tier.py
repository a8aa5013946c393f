"""What the emulator's launcher adds for the in-memory tier, observed through AWS's own APIs."""

import json

import pytest

from tests.e2e.conftest import DeployedPlatform
from tests.e2e.valkey_probe import ask
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e


def test_a_serverless_cache_is_the_platforms_valkey(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in platform.client("cloudformation").describe_stacks(
            StackName="larder-emulator-gaps"
        )["Stacks"][0]["Outputs"]
    }
    port = platform.platform.ports["valkey"]
    assert outputs == {"CacheAddress": "127.0.0.1", "CachePort": str(port)}
    (cache,) = platform.client("elasticache").describe_serverless_caches(
        ServerlessCacheName=gap_stack["Cache"]
    )["ServerlessCaches"]
    assert cache["UserGroupId"] == "gap-users"
    assert cache["CacheUsageLimits"]["DataStorage"]["Maximum"] == 1
    assert len(cache["SubnetIds"]) == 2


def test_valkey_is_a_cluster_of_one_node_that_has_every_slot_and_evicts_what_expires(
    platform: DeployedPlatform,
) -> None:
    port = platform.platform.ports["valkey"]
    slots = ask(port, "CLUSTER SLOTS")
    assert slots.startswith(b"*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$9\r\n127.0.0.1\r\n:%d\r\n" % port)
    assert b"volatile-lru" in ask(port, "CONFIG GET maxmemory-policy")
    assert b"268435456" in ask(port, "CONFIG GET maxmemory")


def test_rules_between_security_groups_and_flow_logs_are_stored(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    ec2 = platform.client("ec2")
    ids = [gap_stack["Clients"], gap_stack["CacheGroup"]]
    groups = {
        group["GroupId"]: group
        for group in ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    }
    (rule,) = groups[gap_stack["CacheGroup"]]["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (6379, 6380)
    assert rule["UserIdGroupPairs"][0]["GroupId"] == gap_stack["Clients"]
    out = groups[gap_stack["Clients"]]["IpPermissionsEgress"]
    assert [r["UserIdGroupPairs"] for r in out if r.get("FromPort") == 6379]
    (log,) = ec2.describe_flow_logs(FlowLogIds=[gap_stack["FlowLog"]])["FlowLogs"]
    assert log["ResourceId"] == gap_stack["Vpc"]


def test_a_second_consumer_of_a_stream_takes_what_its_filter_lets_through(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    dynamodb, s3 = platform.client("dynamodb"), platform.client("s3")
    marked = {"pk": {"S": "in memory"}, "m": {"N": "7"}}
    for item in ({"pk": {"S": "not"}}, {"pk": {"S": "text"}, "m": {"S": "7"}}, marked):
        dynamodb.put_item(TableName=gap_stack["Global"], Item=item)
    dynamodb.delete_item(TableName=gap_stack["Global"], Key={"pk": marked["pk"]})
    dynamodb.put_item(TableName=gap_stack["Global"], Item=marked | {"pk": {"S": "last"}})

    def images() -> list[dict[str, object]]:
        prefix = f"aws/lambda/{gap_stack['TierMapping']}/"
        listed = s3.list_objects_v2(Bucket=gap_stack["Bucket"], Prefix=prefix).get("Contents", [])
        bodies = [s3.get_object(Bucket=gap_stack["Bucket"], Key=o["Key"])["Body"] for o in listed]
        records = [json.loads(json.loads(body.read())["payload"])["Records"] for body in bodies]
        return [record["dynamodb"].get("NewImage") for batch in records for record in batch]

    eventually(lambda: marked | {"pk": {"S": "last"}} in images())
    assert sorted(str(image) for image in images()) == sorted(
        str(image) for image in (marked, marked | {"pk": {"S": "last"}})
    )
