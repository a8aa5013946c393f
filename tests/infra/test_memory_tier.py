"""The in-memory tier: a closed network, a closed cache, and a bill that has an end."""

import json
import re
from dataclasses import replace

import pytest

from larder.errors import ConfigurationError
from larder.memory.compare_and_set import COMPARE_AND_SET
from larder.memory.entry import item_memory_key
from stacks.choices import InMemoryTier
from stacks.config import STAGES
from tests.infra.templates import actions_of

SIX = {"FromPort": 6379, "ToPort": 6380, "IpProtocol": "tcp"}


def resources(templates, kind, stack):
    return {
        logical_id: resource["Properties"]
        for name, logical_id, resource in templates.of_type(kind, "prod")
        if name == f"prod/{stack}"
    }


def only(templates, kind, stack="Network"):
    (properties,) = resources(templates, kind, stack).values()
    return properties


@pytest.fixture(scope="module")
def dev_with_tier(synthesize):
    return synthesize(stage="dev", in_memory="on")


def test_dev_takes_the_tier_by_one_word_of_context(dev_with_tier):
    names = {name.removeprefix("dev/") for name in dev_with_tier}
    assert {"Network", "MemoryStore", "MemoryProjection"} <= names
    variables = dev_with_tier.function("dev", "runtime")["Environment"]["Variables"]
    assert variables["LARDER_VALKEY_CACHE"] == "larder-dev"


def test_prod_can_do_without(synthesize):
    prod = synthesize(stage="prod", in_memory="off")
    names = {name.removeprefix("prod/") for name in prod}
    assert not {"Network", "MemoryStore", "MemoryProjection"} & names
    properties = prod.function("prod", "runtime")
    assert properties["Environment"]["Variables"]["LARDER_VALKEY_ADDRESS"] == ""
    assert "VpcConfig" not in properties


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_storage_gb", 0),
        ("max_storage_gb", 5_001),
        ("max_ecpu_per_second", 999),
        ("availability_zones", 1),
        ("availability_zones", 4),
    ],
)
def test_a_choice_that_elasticache_would_refuse_fails_the_synth(field, value):
    with pytest.raises(ConfigurationError, match=f"in_memory.{field}: {value} is not between"):
        replace(InMemoryTier(), **{field: value})


def test_nothing_leads_out_of_the_network_and_nothing_is_paid_by_the_hour(templates):
    for name in templates:
        for logical_id, resource in templates[name]["Resources"].items():
            assert resource["Type"] not in {
                "AWS::EC2::EIP",
                "AWS::EC2::EgressOnlyInternetGateway",
                "AWS::EC2::InternetGateway",
                "AWS::EC2::NatGateway",
                "AWS::EC2::Route",
                "AWS::EC2::VPCPeeringConnection",
            }, logical_id
    for logical_id, endpoint in resources(templates, "AWS::EC2::VPCEndpoint", "Network").items():
        assert endpoint["VpcEndpointType"] == "Gateway", logical_id
    for logical_id, subnet in resources(templates, "AWS::EC2::Subnet", "Network").items():
        assert subnet["MapPublicIpOnLaunch"] is False, logical_id


def test_endpoints_know_the_platforms_own_tables_and_bucket_alone(templates):
    endpoints = resources(templates, "AWS::EC2::VPCEndpoint", "Network")
    for logical_id, endpoint in endpoints.items():
        for statement in endpoint["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            assert not any("*" in action for action in actions_of(statement)), logical_id
            condition = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
            assert statement["Condition"] == condition, logical_id
            assert statement["Resource"] != "*", logical_id
    allowed = {
        action
        for endpoint in endpoints.values()
        for statement in endpoint["PolicyDocument"]["Statement"]
        for action in actions_of(statement)
    }
    assert allowed == {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:ListBucket",
    }


def test_functions_reach_the_cache_and_the_endpoints_and_the_cache_reaches_nobody(templates):
    groups = resources(templates, "AWS::EC2::SecurityGroup", "Network")
    clients = next(each for name, each in groups.items() if name.startswith("Clients"))
    cache = next(each for name, each in groups.items() if name.startswith("Cache"))
    (https,) = clients["SecurityGroupEgress"]
    assert (https["FromPort"], https["ToPort"], https["IpProtocol"]) == (443, 443, "tcp")
    assert "SecurityGroupIngress" not in clients
    (nothing,) = cache["SecurityGroupEgress"]
    assert nothing["CidrIp"] == "255.255.255.255/32"
    assert "SecurityGroupIngress" not in cache
    for kind, from_, to in (
        ("AWS::EC2::SecurityGroupIngress", "SourceSecurityGroupId", "GroupId"),
        ("AWS::EC2::SecurityGroupEgress", "GroupId", "DestinationSecurityGroupId"),
    ):
        rule = only(templates, kind)
        assert {key: rule[key] for key in SIX} == SIX
        assert rule[from_]["Fn::GetAtt"][0].startswith("Clients")
        assert rule[to]["Fn::GetAtt"][0].startswith("Cache")


def test_refused_packets_are_logged(templates):
    assert only(templates, "AWS::EC2::FlowLog")["TrafficType"] == "REJECT"


def test_zones_are_asked_for_by_number_so_that_a_synth_asks_nobody(dev_with_tier):
    zones = [
        resource["Properties"]["AvailabilityZone"]
        for _, _, resource in dev_with_tier.of_type("AWS::EC2::Subnet")
    ]
    assert zones == [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)]


def test_the_cache_is_valkey_under_our_key_with_limits_and_without_snapshots(templates):
    cache = only(templates, "AWS::ElastiCache::ServerlessCache", "MemoryStore")
    assert (cache["Engine"], cache["MajorEngineVersion"]) == ("valkey", "8")
    assert "Encryption" in str(cache["KmsKeyId"])
    assert cache["CacheUsageLimits"] == {
        "DataStorage": {"Unit": "GB", "Maximum": STAGES["prod"].in_memory.max_storage_gb},
        "ECPUPerSecond": {"Maximum": STAGES["prod"].in_memory.max_ecpu_per_second},
    }
    assert len(cache["SubnetIds"]) == 2
    assert not {"SnapshotRetentionLimit", "DailySnapshotTime", "FinalSnapshotName"} & set(cache)
    assert cache["UserGroupId"] == {"Ref": "Users"}
    group = only(templates, "AWS::ElastiCache::UserGroup", "MemoryStore")
    assert group["UserIds"] == [{"Ref": "User"}]


def test_the_one_user_enters_by_iam_and_may_do_what_the_client_and_the_script_do(templates):
    user = only(templates, "AWS::ElastiCache::User", "MemoryStore")
    assert user["AuthenticationMode"] == {"Type": "iam"}
    assert user["UserId"] == user["UserName"] == "larder-prod"
    assert user["AccessString"] == (
        "on ~r:* -@all +asking +auth +cluster|slots +del +evalsha +get +getrange +script|load "
        "+set +time"
    )
    granted = {word.removeprefix("+").split("|")[0] for word in user["AccessString"].split()}
    scripted = re.findall(r"redis\.call\('(\w+)'", COMPARE_AND_SET.text)
    assert {command.lower() for command in scripted} <= granted
    assert item_memory_key("u", "rkey").startswith(b"r:")


@pytest.mark.parametrize("name", ["runtime", "memory_projector"])
def test_a_function_of_the_tier_is_in_the_network_and_knows_the_cache(templates, name):
    properties = templates.function("prod", name)
    assert len(properties["VpcConfig"]["SubnetIds"]) == 2
    (group,) = properties["VpcConfig"]["SecurityGroupIds"]
    assert "Clients" in str(group)
    variables = properties["Environment"]["Variables"]
    address = json.dumps(variables["LARDER_VALKEY_ADDRESS"])
    assert "CacheEndpointAddress" in address
    assert "CacheEndpointPort" in address
    assert variables["LARDER_VALKEY_TLS"] == "1"
    assert variables["LARDER_VALKEY_USER"] == "larder-prod"
    assert variables["LARDER_VALKEY_CACHE"] == "larder-prod"


@pytest.mark.parametrize("name", ["control", "feature_groups", "lifecycle", "offline_writer"])
def test_every_other_function_stays_outside(templates, name):
    assert "VpcConfig" not in templates.function("prod", name)


def test_what_makes_reads_fall_back_raises_alarms(templates):
    alarms = {
        logical_id.rstrip("0123456789ABCDEF"): resource["Properties"]
        for _, logical_id, resource in templates.of_type("AWS::CloudWatch::Alarm", "prod")
    }
    tier = STAGES["prod"].in_memory
    thresholds = {
        "RepairsBehind": ("IteratorAge", 60_000),
        "CacheThrottled": ("ThrottledCmds", 1),
        "CacheEvicts": ("Evictions", 1),
        "CacheNearlyBusy": ("ElastiCacheProcessingUnits", 0.8 * tier.max_ecpu_per_second * 300),
        "CacheNearlyFull": ("BytesUsedForCache", 0.8 * tier.max_storage_gb * 10**9),
    }
    for name, expected in thresholds.items():
        assert (alarms[name]["MetricName"], alarms[name]["Threshold"]) == expected
        if name.startswith("Cache"):
            (dimension,) = alarms[name]["Dimensions"]
            assert dimension["Name"] == "clusterId"
