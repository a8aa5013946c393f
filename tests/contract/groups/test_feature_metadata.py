"""What every store of feature metadata promises, asked of each implementation."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ResourceInUse
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.metadata import FeatureMetadata
from larder.testing.groups import MemoryFeatureMetadata
from tests.support.groups import feature_group
from tests.support.tables import create_registry_table

FIRST = FeatureMetadata(
    uid="u1",
    feature="clicks",
    description="how often",
    parameters=(("unit", "1"), ("é", "ü")),
    modified=1_700_000_000_000_000,
    revision=1,
)


@pytest.fixture
def table():
    with mock_aws():
        client = boto3.client("dynamodb")
        create_registry_table(client, "registry")
        yield client


@pytest.fixture(params=["memory", "dynamodb"])
def store(request):
    if request.param == "memory":
        return MemoryFeatureMetadata()
    return DynamoFeatureMetadata(BotoDynamo(request.getfixturevalue("table")), "registry")


def test_what_was_written_is_read_back(store):
    store.replace(FIRST)

    assert store.get("u1", "clicks") == FIRST
    assert store.get("u1", "seats") is None
    assert store.get("u2", "clicks") is None


def test_each_change_follows_the_one_before(store):
    store.replace(FIRST)
    second = replace(FIRST, description=None, revision=2)
    store.replace(second)

    with pytest.raises(ResourceInUse):
        store.replace(replace(FIRST, description="late", revision=2))
    with pytest.raises(ResourceInUse):
        store.replace(replace(FIRST, description="first", revision=1))
    assert store.get("u1", "clicks") == second


def test_nothing_follows_what_was_never_written(store):
    with pytest.raises(ResourceInUse):
        store.replace(replace(FIRST, revision=2))
    assert store.get("u1", "clicks") is None


def test_all_that_is_written_is_listed(store):
    others = [replace(FIRST, feature="seats"), replace(FIRST, uid="u2")]
    for each in (FIRST, *others):
        store.replace(each)

    assert sorted(store.list(), key=lambda it: (it.uid, it.feature)) == [FIRST, *others]


def test_a_change_whose_answer_was_lost_succeeds_when_it_is_repeated(table):
    store = DynamoFeatureMetadata(BotoDynamo(table), "registry")
    store.replace(FIRST)

    store.replace(FIRST)

    assert store.get("u1", "clicks") == FIRST


def test_metadata_and_groups_do_not_see_each_other(table):
    registry, store = (
        DynamoRegistry(BotoDynamo(table), "registry"),
        DynamoFeatureMetadata(BotoDynamo(table), "registry"),
    )
    group = feature_group(uid="u1")

    registry.create(group)
    store.replace(FIRST)

    assert list(registry.list()) == [group]
    assert list(store.list()) == [FIRST]
    assert registry.get_by_uid("u1") == group
