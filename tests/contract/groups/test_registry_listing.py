"""Listings of the registry: every order, from every place, whatever has changed before."""

from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import boto3
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_item import to_item, uid_key
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import FeatureDefinition, FeatureGroupStatus, FeatureType
from larder.groups.listing import GroupOrder, moment
from larder.groups.metadata import FeatureMetadata
from larder.testing.groups import MemoryRegistry
from tests.support.groups import OFFLINE, feature_group
from tests.support.tables import create_registry_table

START = 1_700_000_000_000_000
MORE = FeatureDefinition("more", FeatureType.STRING)


def always():
    return 60.0


@contextmanager
def empty_table(name="registry"):
    with mock_aws(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_registry_table(client, name)
        yield client
        client.delete_table(TableName=name)


@pytest.fixture
def table():
    with empty_table() as client:
        yield client


def dynamo(table, name="registry"):
    return DynamoRegistry(BotoDynamo(table), name)


@contextmanager
def empty_registry(kind, name="registry"):
    if kind == "memory":
        yield MemoryRegistry()
        return
    with empty_table(name) as client:
        registry = dynamo(client, name)
        if kind == "dynamodb":
            registry.repair(remaining=always)
        yield registry


KINDS = ["memory", "dynamodb", "dynamodb of an earlier release"]


@pytest.fixture(params=KINDS)
def registry(request):
    with empty_registry(request.param) as registry:
        yield registry


def numbered(number, **changes):
    """One of many groups, of which every third has no offline store."""
    time = START + number % 7 * 1_000_000
    values = {
        "creation_time": time,
        "last_modified_time": time + number,
        "offline": OFFLINE if number % 3 else None,
        "status": FeatureGroupStatus.CREATED if number % 2 else FeatureGroupStatus.CREATING,
    }
    return feature_group(f"g{number}", **values | changes)


def grown(group, micros):
    return replace(
        group,
        features=(*group.features, replace(MORE, name=f"more{len(group.features)}")),
        growth=(*group.growth, (len(group.features), START + micros)),
        last_modified_time=START + micros,
    )


@pytest.fixture(scope="module", params=KINDS)
def filled(request):
    """Groups that were made, changed, grown, removed and made again; tests only read them."""
    with empty_registry(request.param, "filled") as registry:
        fill(registry)
        yield registry


def fill(registry):
    for number in range(14):
        registry.create(numbered(number))
    for number in (2, 3):
        registry.replace(grown(numbered(number), 90_000_000 + number))
    registry.replace(grown(registry.get("g2"), 95_000_000))
    registry.replace(replace(registry.get("g4"), status=FeatureGroupStatus.CREATED))
    registry.replace(
        replace(registry.get("g5"), offline=replace(OFFLINE, status="Blocked"), description="x")
    )
    for number in (6, 7):
        registry.remove(registry.get(f"g{number}"))
    registry.create(numbered(7, uid="again", creation_time=START + 99_000_000))


def expected(registry, by, *, descending=False):
    entries = [(place, group) for group in registry.list() for place in by.places(group)]
    return sorted(entries, key=lambda each: each[0], reverse=descending)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("by", GroupOrder)
def test_an_order_lists_every_group_as_it_is_now(filled, by, descending):
    found = list(filled.walk(by, descending=descending))

    assert found == expected(filled, by, descending=descending)
    assert len({group.name for _, group in found}) == 13


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("by", GroupOrder)
def test_a_listing_goes_on_from_every_place(filled, by, descending):
    everything = expected(filled, by, descending=descending)
    for number, (place, _) in enumerate(everything):
        rest = filled.walk(by, descending=descending, after=place, batch=2)
        assert list(rest) == everything[number + 1 :]


def test_the_orders_are_those_of_their_keys(filled):
    def keys(by, key):
        return [key(group) for _, group in filled.walk(by)]

    assert keys(GroupOrder.NAME, lambda it: it.name) == sorted(f"g{n}" for n in range(14) if n != 6)
    for by, key in (
        (GroupOrder.CREATED, lambda it: it.creation_time),
        (GroupOrder.MODIFIED, lambda it: it.last_modified_time),
        (GroupOrder.STATUS, lambda it: it.status.value),
        (GroupOrder.OFFLINE_STATUS, lambda it: it.offline.status if it.offline else "Disabled"),
    ):
        assert all(one <= other for one, other in pairwise(keys(by, key)))


def test_a_group_is_listed_once_for_each_time_it_was_given_features(filled):
    steps = [place for place, group in filled.walk(GroupOrder.GROWN) if group.name == "g2"]

    times = (START + 2_000_000, START + 90_000_002, START + 95_000_000)
    assert steps == [f"{moment(time)}#g2" for time in times]


def test_bounds_cut_an_order(filled):
    low, high = f"{moment(START + 2_000_000)}#", f"{moment(START + 3_000_000)}#~"
    for descending in (False, True):
        found = filled.walk(GroupOrder.CREATED, bounds=(low, high), descending=descending)
        assert sorted(group.name for _, group in found) == ["g10", "g2", "g3", "g9"]
    assert list(filled.walk(GroupOrder.CREATED, bounds=(high, low))) == []


def test_a_place_that_nobody_gave_is_a_place_all_the_same(filled):
    for place in ("", "g3x", "~" * 5000, "é" * 600):
        for descending in (False, True):
            found = filled.walk(GroupOrder.NAME, after=place, descending=descending)
            names = sorted(group.name for _, group in filled.walk(GroupOrder.NAME))
            beyond = [name for name in names if (name < place if descending else name > place)]
            assert sorted(group.name for _, group in found) == beyond


def test_groups_are_counted(filled):
    assert filled.count() == 13


def test_groups_are_found_by_several_names_or_identities(filled):
    groups = filled.by_names(["g1", "g6", "nobody"])
    assert groups == {"g1": filled.get("g1")}
    assert filled.by_uids(["ug1", "ug7", "again", "nobody"]) == {
        "ug1": filled.get("g1"),
        "again": filled.get("g7"),
    }


def test_a_group_may_grow_more_often_than_a_transaction_has_actions(registry):
    steps = tuple((5 + number, START + number) for number in range(150))
    features = tuple(replace(MORE, name=f"more{number}") for number in range(150))
    group = numbered(1)
    group = replace(group, features=group.features + features, growth=steps)
    registry.create(numbered(1))
    registry.replace(replace(group, growth=steps[:90]))
    registry.replace(replace(group, growth=steps, revision=2))
    assert len(list(registry.walk(GroupOrder.GROWN))) == 151

    registry.remove(registry.get("g1"))

    assert [list(registry.walk(by)) for by in GroupOrder] == [[]] * len(GroupOrder)


def written_by_an_earlier_release(table, *groups):
    """What that release stored: the group and its identity, and nothing that lists them."""
    for group in groups:
        table.put_item(TableName="registry", Item=to_item(group))
        known = {**uid_key(group.uid), "name": {"S": group.name}}
        table.put_item(TableName="registry", Item=known)


def entries(table):
    items = table.scan(TableName="registry")["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]) for item in items if item["pk"]["S"][:2] == "I#"}


def test_a_registry_of_an_earlier_release_is_listed_before_and_after_it_is_repaired(table):
    groups = [grown(numbered(number), number) for number in range(20)]
    written_by_an_earlier_release(table, *groups)
    registry = dynamo(table)
    before = {by: list(registry.walk(by)) for by in GroupOrder}
    assert len(before[GroupOrder.CREATED]) == registry.count() == 20

    assert registry.repair(remaining=always) == 20
    assert registry.repair(remaining=always) == 0

    again = dynamo(table)
    assert {by: list(again.walk(by)) for by in GroupOrder} == before
    assert again.count() == 20


def test_entries_that_are_missing_or_out_of_date_are_mended(table):
    registry = dynamo(table)
    for number in range(4):
        registry.create(numbered(number))
    registry.repair(remaining=always)
    right = entries(table)
    table.delete_item(TableName="registry", Key=key("I#name", "g1"))
    for place in ("Deleting#g2", "Created#nobody"):
        stale = {**key("I#status", place), "name": {"S": place.partition("#")[2]}}
        table.put_item(TableName="registry", Item=stale)

    assert [group.name for _, group in registry.walk(GroupOrder.STATUS)] == ["g1", "g3", "g0", "g2"]
    assert registry.repair(remaining=always) == 3
    assert entries(table) == right


def key(pk, sk):
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def test_a_repair_that_runs_out_of_time_goes_on_when_it_is_called_again(table):
    written_by_an_earlier_release(table, *(numbered(number) for number in range(6)))
    registry = dynamo(table)
    left = iter([1.0, 1.0, 0.0])

    assert registry.repair(remaining=lambda: next(left), once=True) == 2
    assert len(list(registry.walk(GroupOrder.NAME))) == 6
    assert registry.repair(remaining=always, once=True) == 4
    assert registry.repair(remaining=always, once=True) == 0
    assert len(list(dynamo(table).walk(GroupOrder.NAME))) == 6


def test_what_is_written_about_features_is_listed_by_the_time_of_its_change(table):
    registry, store = dynamo(table), DynamoFeatureMetadata(BotoDynamo(table), "registry")
    for number in range(3):
        registry.create(numbered(number))
    for number in (1, 0, 2):
        noted = FeatureMetadata(uid=f"ug{number}", feature="clicks", modified=number, revision=1)
        store.replace(noted)
    store.replace(FeatureMetadata(uid="ug1", feature="clicks", modified=7, revision=2))
    every = ("!", "~")

    def features(descending=False):
        return [each.uid for _, each in store.walk(every, descending=descending, batch=2)]

    assert features() == ["ug0", "ug2", "ug1"]
    assert features(descending=True) == ["ug1", "ug2", "ug0"]
    registry.remove(registry.get("g0"))
    assert features() == ["ug2", "ug1"]
    assert store.of_groups(["ug0", "ug1", "nobody"]).keys() == {"ug0", "ug1", "nobody"}
    assert store.of_groups(["ug1"])["ug1"]["clicks"].modified == 7


def test_metadata_of_an_earlier_release_are_listed_once_they_are_mended(table):
    registry, store = dynamo(table), DynamoFeatureMetadata(BotoDynamo(table), "registry")
    registry.create(numbered(1))
    store.replace(FeatureMetadata(uid="ug1", feature="clicks", modified=5, revision=1))
    store.replace(FeatureMetadata(uid="nobody", feature="clicks", modified=6, revision=1))
    (place,) = [sk for pk, sk in entries(table) if pk == "I#noted" and "ug1" in sk]
    table.delete_item(TableName="registry", Key=key("I#noted", place))

    assert registry.repair(remaining=always) == 2
    assert [sk for pk, sk in entries(table) if pk == "I#noted"] == [place]
