"""What a platform keeps when it is stopped and started again, services only, nothing deployed."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local import commands, environment, processes, stacks
from local.clients import client
from local.errors import LocalPlatformError
from local.layout import Platform
from local.progress import Progress
from local.saved_state import saved_at
from tests.e2e.conftest import SAGEMAKER
from tests.e2e.gap_stack import TEMPLATE
from tests.support.deadlines import eventually
from tests.support.plain_services import plain_platform, plain_services

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


def _kill(platform: Platform) -> None:
    """End the emulator without a chance to save, and start the platform again."""
    pid = processes.running_pid(platform, "emulator")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: processes.died(platform, "emulator"))
    commands.recover(platform, Progress())
    commands.start(platform, Progress())


def _wait_until_saved(platform: Platform) -> None:
    """Wait for a snapshot that began after now: the second one, for one may be under way."""
    for number in range(2):
        before = saved_at(platform)
        mark = {"pk": {"S": f"saved {number}"}}
        client(platform, "dynamodb").put_item(TableName="marks", Item=mark)
        eventually(lambda: saved_at(platform) != before)  # noqa: B023


def _marks(platform: Platform) -> None:
    client(platform, "dynamodb").create_table(
        TableName="marks",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_a_killed_emulator_goes_on_from_its_last_snapshot(
    plain: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    names = _stack(plain)
    _marks(plain)
    item = {"pk": {"S": "kept"}, "value": {"B": b"\x00\xff"}}
    client(plain, "dynamodb").put_item(TableName=names["Single"], Item=item)
    client(plain, "s3").put_object(Bucket=names["Bucket"], Key="kept", Body=b"bytes")
    _wait_until_saved(plain)
    _kill(plain)
    assert "goes on from its state of" in capsys.readouterr().out
    found = client(plain, "dynamodb").get_item(TableName=names["Single"], Key={"pk": item["pk"]})
    assert found["Item"] == item
    kept = client(plain, "s3").get_object(Bucket=names["Bucket"], Key="kept")["Body"].read()
    assert kept == b"bytes"
    assert _stack_status(plain) == "CREATE_COMPLETE"
    # Functions and event sources work as before: the poison record reaches its bucket.
    client(plain, "dynamodb").put_item(TableName=names["Global"], Item={"pk": {"S": "poison"}})
    s3 = client(plain, "s3")
    assert eventually(
        lambda: s3.list_objects_v2(Bucket=names["Bucket"], Prefix="aws/lambda/").get("Contents")
    )


def test_r10_of_writes_until_a_kill_the_first_are_there_and_only_the_last_are_lost(
    plain: Platform,
) -> None:
    _marks(plain)
    dynamodb = client(plain, "dynamodb")
    written = 0
    first = saved_at(plain)
    while (saved := saved_at(plain)) == first or written < 200:
        dynamodb.put_item(TableName="marks", Item={"pk": {"S": str(written)}})
        written += 1
    assert saved is not None
    _kill(plain)
    pages = client(plain, "dynamodb").get_paginator("scan").paginate(TableName="marks")
    kept = sorted(int(item["pk"]["S"]) for page in pages for item in page["Items"])
    assert kept
    assert kept == list(range(len(kept)))  # a prefix: nothing is missing in between


def test_an_emulator_that_was_killed_before_it_saved_starts_afresh(
    plain: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert saved_at(plain) is None
    _kill(plain)
    assert "starts afresh" in capsys.readouterr().out
    assert client(plain, "cloudformation").describe_stacks()["Stacks"] == []


def test_status_says_when_the_state_was_saved_and_what_a_kill_costs(plain: Platform) -> None:
    _marks(plain)
    eventually(lambda: saved_at(plain))
    (line,) = [line for line in commands.status(plain) if line.startswith("state")]
    assert f"{saved_at(plain):%Y-%m-%d %H:%M}" in line
    assert "a kill loses about" in line


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


@pytest.mark.soak
def test_groups_and_records_of_a_deployed_platform_survive_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = plain_platform(tmp_path)
    try:
        outputs = commands.up(platform, Progress())
        for name, value in environment.variables(platform, outputs).items():
            monkeypatch.setenv(name, value)
        control, data = (boto3.client(name) for name in SAGEMAKER)
        control.create_feature_group(
            FeatureGroupName="kept",
            RecordIdentifierFeatureName="id",
            EventTimeFeatureName="at",
            FeatureDefinitions=[{"FeatureName": n, "FeatureType": "String"} for n in ("id", "at")],
            OnlineStoreConfig={"EnableOnlineStore": True},
        )
        record = [
            {"FeatureName": "id", "ValueAsString": "1"},
            {"FeatureName": "at", "ValueAsString": "2024-01-01T00:00:00Z"},
        ]
        data.put_record(FeatureGroupName="kept", Record=record)
        _marks(platform)
        _wait_until_saved(platform)
        _kill(platform)
        found = data.get_record(FeatureGroupName="kept", RecordIdentifierValueAsString="1")
        assert found["Record"] == record
        listed = control.list_feature_groups(NameContains="kept")["FeatureGroupSummaries"]
        assert [group["FeatureGroupName"] for group in listed] == ["kept"]
    finally:
        commands.down(platform, Progress())
