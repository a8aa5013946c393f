"""What every registry of feature groups promises, asked of each implementation."""

from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from larder.access.grants import Grants
from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ResourceInUse, ResourceNotFound, ThrottlingException
from larder.groups.adapters.dynamodb_item import from_item, is_live_group, to_item
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    OnlineStore,
    StorageType,
    TtlDuration,
    UpdateStatus,
)
from larder.testing.groups import MemoryRegistry
from tests.support.groups import feature_group
from tests.support.tables import create_registry_table

RICH = feature_group(
    "rich",
    features=(
        FeatureDefinition("id", FeatureType.STRING),
        FeatureDefinition("at", FeatureType.FRACTIONAL),
        FeatureDefinition("words", FeatureType.STRING, CollectionType.SET),
        FeatureDefinition("vector", FeatureType.FRACTIONAL, CollectionType.VECTOR, 8),
    ),
    record_identifier_name="id",
    event_time_name="at",
    online=OnlineStore(StorageType.IN_MEMORY, TtlDuration("Days", 3), "key"),
    offline=None,
    failure_reason="none of it",
    role_arn="arn:aws:iam::123456789012:role/store",
    description="é",
    last_update=UpdateStatus.FAILED,
    last_update_failure="no such luck",
    throughput={"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 5},
    tags=(("team", "ops"), ("empty", "")),
    declared_in="features/rich.yaml",
    grants=Grants(read=("*",), admin=("arn:aws:iam::123456789012:root",)),
    growth=((2, 1_700_000_000_000_001), (3, 1_700_000_000_000_002)),
    shards=4,
)


@pytest.fixture
def table():
    with mock_aws():
        client = boto3.client("dynamodb")
        create_registry_table(client, "registry")
        yield client


@pytest.fixture(params=["memory", "dynamodb", "dynamodb of an earlier release"])
def registry(request):
    if request.param == "memory":
        return MemoryRegistry()
    registry = DynamoRegistry(BotoDynamo(request.getfixturevalue("table")), "registry")
    if request.param == "dynamodb":
        registry.repair(remaining=lambda: 60.0)
    return registry


@pytest.mark.parametrize("group", [feature_group(), RICH], ids=["plain", "rich"])
def test_a_group_comes_back_by_name_and_by_uid_as_it_was_given(registry, group):
    registry.create(group)

    assert registry.get(group.name) == group
    assert registry.get_by_uid(group.uid) == group


def test_names_that_were_never_given_are_unknown(registry):
    assert registry.get("nobody") is None
    assert registry.get_by_uid("nobody") is None


def test_a_name_is_given_once(registry):
    first = feature_group()
    registry.create(first)

    with pytest.raises(ResourceInUse, match="customers"):
        registry.create(replace(first, uid="other"))
    assert registry.get("customers") == first
    assert registry.get_by_uid("other") is None


def test_a_change_counts_the_revision_up(registry):
    registry.create(feature_group())

    changed = registry.replace(feature_group(description="new"))

    assert changed == feature_group(description="new", revision=2)
    assert registry.get("customers") == changed
    assert registry.get_by_uid("ucustomers") == changed


def test_a_change_of_what_somebody_else_changed_is_refused(registry):
    registry.create(feature_group())
    registry.replace(feature_group(description="theirs"))

    with pytest.raises(ResourceInUse, match="somebody else"):
        registry.replace(feature_group(description="mine"))
    assert registry.get("customers").description == "theirs"


def test_a_change_of_a_group_that_is_gone_is_refused(registry):
    with pytest.raises(ResourceNotFound):
        registry.replace(feature_group())
    registry.create(feature_group())
    registry.remove(feature_group())
    registry.create(feature_group(uid="second"))
    with pytest.raises(ResourceNotFound):
        registry.replace(feature_group())
    assert registry.get("customers").uid == "second"


def test_a_removed_group_frees_its_name_and_stays_known_by_its_uid(registry):
    dying = feature_group(status=FeatureGroupStatus.DELETING)
    registry.create(dying)

    registry.remove(dying)

    assert registry.get("customers") is None
    assert registry.get_by_uid("ucustomers") == dying
    assert list(registry.list()) == []


def test_removing_again_leaves_the_names_next_bearer_alone(registry):
    registry.create(feature_group())
    registry.remove(feature_group())
    second = feature_group(uid="second")
    registry.create(second)

    registry.remove(feature_group())

    assert registry.get("customers") == second


def test_groups_are_listed_by_name(registry):
    groups = [feature_group(name) for name in ("b", "c-1", "a")]
    for group in groups:
        registry.create(group)
    registry.remove(groups[1])

    assert list(registry.list()) == [groups[2], groups[0]]


def test_a_group_of_the_most_and_longest_features_is_stored(registry):
    features = tuple(
        FeatureDefinition(f"{place:064d}", FeatureType.FRACTIONAL) for place in range(2500)
    )
    keys = {"record_identifier_name": features[0].name, "event_time_name": features[1].name}
    group = feature_group(features=features, **keys)

    registry.create(group)

    assert registry.get("customers") == group
    assert len(to_item(group)["doc"]["S"]) < 200_000


def test_all_pages_of_a_list_are_followed(table):
    features = tuple(
        FeatureDefinition(f"{place:064d}", FeatureType.STRING) for place in range(2500)
    )
    keys = {"record_identifier_name": features[0].name, "event_time_name": features[1].name}
    registry = DynamoRegistry(BotoDynamo(table), "registry")
    names = [f"group-{place:02d}" for place in range(8)]
    for name in names:
        registry.create(feature_group(name, features=features, **keys))

    assert [group.name for group in registry.list()] == names


def test_items_of_the_stream_are_told_apart_by_their_keys(table):
    registry = DynamoRegistry(BotoDynamo(table), "registry")
    registry.create(feature_group())

    items = table.scan(TableName="registry")["Items"]
    live = [item for item in items if is_live_group(item)]

    assert len(items) == 8  # by name, by identity, and an entry in each of six orders
    assert [from_item(item) for item in live] == [feature_group()]
    assert live[0]["status"] == {"S": "Created"}


def test_a_change_whose_answer_was_lost_succeeds_when_it_is_repeated(table):
    registry = DynamoRegistry(BotoDynamo(table), "registry")
    registry.create(feature_group())
    change = feature_group(description="new")
    registry.replace(change)

    assert registry.replace(change) == replace(change, revision=2)


@pytest.mark.parametrize("operation", ["create", "replace", "remove"])
@pytest.mark.parametrize(
    "response",
    [
        {"Error": {"Code": "TransactionInProgressException"}},
        {"Error": {"Code": "ProvisionedThroughputExceededException"}},
        {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
        },
    ],
    ids=lambda response: response["Error"]["Code"],
)
def test_a_change_refused_for_load_says_so(table, monkeypatch, operation, response):
    registry = DynamoRegistry(BotoDynamo(table), "registry")
    registry.create(feature_group())
    kind = table.exceptions.from_code(response["Error"]["Code"])

    def refuse(**_):
        raise kind(response, "TransactWriteItems")

    monkeypatch.setattr(table, "transact_write_items", refuse)
    group = feature_group("other", uid="other") if operation == "create" else feature_group()

    with pytest.raises(ThrottlingException):
        getattr(registry, operation)(group)


def test_failures_that_nobody_can_act_on_are_not_disguised(table):
    registry = DynamoRegistry(BotoDynamo(table), "nowhere")

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        registry.get("customers")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        registry.replace(feature_group())
