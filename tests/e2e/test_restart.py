"""What a platform keeps when it is stopped and started again, services only, nothing deployed."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import commands, processes, stacks
from local.clients import client
from local.errors import LocalPlatformError
from local.layout import Platform
from local.progress import Progress
from tests.e2e.gap_stack import TEMPLATE
from tests.support.deadlines import eventually
from tests.support.plain_services import plain_services

pytestmark = pytest.mark.e2e


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Platform]:
    """A plain platform with services and no stacks, and room for a batch to wait in."""
    with plain_services(tmp_path) as platform:
        yield platform


def test_records_not_yet_delivered_reach_their_function_after_a_restart(plain: Platform) -> None:
    names = _stack(plain)
    client(plain, "dynamodb").put_item(TableName=names["Global"], Item={"pk": {"S": "poison"}})
    commands.down(plain, Progress())
    commands.start(plain, Progress())
    s3 = client(plain, "s3")
    (spilled,) = eventually(
        lambda: s3.list_objects_v2(Bucket=names["Bucket"], Prefix="aws/lambda/").get("Contents")
    )
    body = json.loads(s3.get_object(Bucket=names["Bucket"], Key=spilled["Key"])["Body"].read())
    assert "poison" in body["payload"]


def test_tables_objects_and_stacks_survive_a_restart(plain: Platform) -> None:
    names = _stack(plain)
    item = {"pk": {"S": "kept"}, "value": {"B": b"\x00\xff"}}
    client(plain, "dynamodb").put_item(TableName=names["Single"], Item=item)
    client(plain, "s3").put_object(Bucket=names["Bucket"], Key="kept", Body=b"bytes")
    commands.down(plain, Progress())
    commands.start(plain, Progress())
    dynamodb = client(plain, "dynamodb")
    assert dynamodb.get_item(TableName=names["Single"], Key={"pk": item["pk"]})["Item"] == item
    lifetime = dynamodb.describe_time_to_live(TableName=names["Single"])["TimeToLiveDescription"]
    assert lifetime["TimeToLiveStatus"] == "ENABLED"
    kept = client(plain, "s3").get_object(Bucket=names["Bucket"], Key="kept")["Body"].read()
    assert kept == b"bytes"
    assert _stack_status(plain) == "CREATE_COMPLETE"


def test_a_killed_emulator_is_noticed_and_the_platform_starts_again(
    plain: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = processes.running_pid(plain, "emulator")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: processes.died(plain, "emulator"))
    commands.recover(plain, Progress())
    commands.start(plain, Progress())
    assert "ended without saving" in capsys.readouterr().out
    assert client(plain, "cloudformation").describe_stacks()["Stacks"] == []


def test_nothing_that_a_platform_keeps_is_readable_by_others(plain: Platform) -> None:
    _stack(plain)
    client(plain, "s3").put_object(Bucket=_buckets(plain)[0], Key="data", Body=b"bytes")
    commands.down(plain, Progress())
    kept = [path for path in plain.root.rglob("*") if not path.is_symlink()]
    assert any(path.parent.name == "state" for path in kept)
    assert [path for path in (plain.root, *kept) if path.stat().st_mode & 0o077] == []


def test_a_second_platform_on_a_taken_port_is_told_who_holds_it(
    plain: Platform, tmp_path: Path
) -> None:
    other = Platform(root=tmp_path / "other", environment_file=tmp_path / "env2", ports=plain.ports)
    with pytest.raises(LocalPlatformError) as refused:
        commands.start(other, Progress())
    message = str(refused.value)
    assert f"port {plain.ports['valkey']}" in message
    assert f"pid {processes.running_pid(plain, 'valkey')}" in message
    assert "LARDER_VALKEY_PORT=" in message


def test_a_stack_that_failed_to_be_made_is_removed_before_the_next_deployment(
    plain: Platform,
) -> None:
    names, name = _stack(plain), f"{stacks.PREFIX}Broken"
    function = client(plain, "lambda").get_function_configuration(FunctionName=names["Function"])
    resource = {"Type": "Custom::Broken", "Properties": {"ServiceToken": function["FunctionArn"]}}
    client(plain, "cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": {"Broken": resource}})
    )
    left = stacks.Stack(name, "ROLLBACK_COMPLETE")
    eventually(lambda: left in stacks.deployed(plain))
    assert list(stacks.remove_unfinished(plain)) == [left]
    assert stacks.deployed(plain) == []


def _stack(platform: Platform) -> dict[str, str]:
    cloudformation = client(platform, "cloudformation")
    cloudformation.create_stack(
        StackName="kept", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="kept", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    described = cloudformation.describe_stack_resources(StackName="kept")["StackResources"]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in described}


def _buckets(platform: Platform) -> list[str]:
    return [bucket["Name"] for bucket in client(platform, "s3").list_buckets()["Buckets"]]


def _stack_status(platform: Platform) -> str:
    described = client(platform, "cloudformation").describe_stacks(StackName="kept")
    return str(described["Stacks"][0]["StackStatus"])
