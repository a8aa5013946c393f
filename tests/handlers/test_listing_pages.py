"""ListFeatureGroups and Search: what a page reads, what it tells, and how it goes on."""

from dataclasses import replace
from random import Random

import pytest
from botocore.exceptions import ClientError

from benchmarks.sorted_table import SortedTable
from larder.deadline import within
from larder.groups.adapters.dynamodb_index import COMPLETE, entry_item, entry_keys
from larder.groups.adapters.dynamodb_item import to_item
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.groups.listing import Ask, GroupOrder, Order
from larder.groups.metadata import FeatureCatalog, MetadataChange
from tests.support.clocks import SleepingClock
from tests.support.control import control_plane, group_spec
from tests.support.groups import feature_group

START = 1_700_000_000_000_000


def platform_of(count):
    """A catalog of so many groups, a second apart, and its DynamoDB."""
    items = [COMPLETE]
    for number in range(count):
        time, name = START + number * 1_000_000, f"group-{number:05}"
        group = feature_group(name, creation_time=time, last_modified_time=time)
        items += [to_item(group), *(entry_item(key, name) for key in entry_keys(group))]
    dynamodb = SortedTable(items)
    groups = control_plane(DynamoRegistry(dynamodb, "registry")).groups
    return FeatureCatalog(
        groups, DynamoFeatureMetadata(dynamodb, "registry"), groups.clock
    ), dynamodb


REQUESTS = {
    "list": ("list_feature_groups", {}),
    "list by name": ("list_feature_groups", {"SortBy": "Name", "SortOrder": "Ascending"}),
    "list by status": ("list_feature_groups", {"SortBy": "FeatureGroupStatus"}),
    "list by offline status": ("list_feature_groups", {"SortBy": "OfflineStoreStatus"}),
    "search": ("search", {"Resource": "FeatureGroup"}),
    "search by creation": ("search", {"Resource": "FeatureGroup", "SortBy": "CreationTime"}),
    "search features": ("search", {"Resource": "FeatureMetadata"}),
    "search features by group": (
        "search",
        {"Resource": "FeatureMetadata", "SortBy": "FeatureGroupName"},
    ),
}


def pages(client, operation, arguments, count=3):
    """The first pages, as names, and the token after them."""
    token, found = {}, []
    for _ in range(count):
        answer = getattr(client, operation)(MaxResults=10, **arguments, **token)
        listed = answer.get("FeatureGroupSummaries") or [
            each[arguments["Resource"]] for each in answer["Results"]
        ]
        found.append([(each["FeatureGroupName"], each.get("FeatureName")) for each in listed])
        token = {"NextToken": answer["NextToken"]}
    return found


def test_a_page_reads_no_more_in_a_registry_of_many_groups_than_in_one_of_few(serve):
    read = {}
    for count in (250, 2500):
        catalog, dynamodb = platform_of(count)
        client = serve(catalog)
        for name, (operation, arguments) in REQUESTS.items():
            dynamodb.take()
            for page in pages(client, operation, arguments):
                assert len(page) == 10
            read.setdefault(name, []).append(dynamodb.take())
    for name, (few, many) in read.items():
        assert many == few, name
        assert many[1] < 500, name


def test_groups_that_are_not_of_that_name_are_not_read(serve):
    catalog, dynamodb = platform_of(300)
    client = serve(catalog)
    dynamodb.take()
    listed = client.list_feature_groups(NameContains="-0010")
    assert len(listed["FeatureGroupSummaries"]) == 10
    wanted = {"Name": "FeatureGroupName", "Operator": "Contains", "Value": "-0010"}
    found = client.search(
        Resource="FeatureGroup", SearchExpression={"Filters": [wanted]}, MaxResults=5
    )
    assert found["TotalHits"] == {"Value": 10, "Relation": "EqualTo"}
    _, items = dynamodb.take()
    assert items <= 2 * (300 + 10) + 2  # every entry, which is a name, and ten groups


def test_hits_beyond_those_that_are_counted_are_a_lower_bound(serve):
    catalog, _ = platform_of(300)
    client = serve(catalog)
    first = client.search(Resource="FeatureGroup", MaxResults=10)
    assert first["TotalHits"] == {"Value": 200, "Relation": "GreaterThanOrEqualTo"}
    answers = list(client.get_paginator("search").paginate(Resource="FeatureGroup"))
    assert [len(each["Results"]) for each in answers] == [100, 100, 100]
    assert answers[-1]["TotalHits"] == {"Value": 300, "Relation": "EqualTo"}


def test_every_order_of_a_search_pages_through_everything_once(serve, catalog):
    client, clock = serve(catalog), catalog.groups.clock
    for number in range(7):
        clock.now += 1_000_000
        catalog.groups.create(group_spec(f"g{number}", description=f"d{number % 3}"))
    everything = sorted(f"g{number}" for number in range(7))
    for sort_by in (
        "FeatureGroupName", "CreationTime", "LastModifiedTime", "FeatureGroupStatus",
        "OfflineStoreStatus.Status", "Description", "Tags.team",
    ):  # fmt: skip
        for order in ("Ascending", "Descending"):
            found = list(
                client.get_paginator("search").paginate(
                    Resource="FeatureGroup",
                    SortBy=sort_by,
                    SortOrder=order,
                    PaginationConfig={"PageSize": 3},
                )
            )
            names = [
                it["FeatureGroup"]["FeatureGroupName"] for page in found for it in page["Results"]
            ]
            assert [len(page["Results"]) for page in found] == [3, 3, 1], sort_by
            assert sorted(names) == everything, sort_by
            assert {page["TotalHits"]["Value"] for page in found} == {7}
            if sort_by in {"FeatureGroupName", "CreationTime", "LastModifiedTime"}:
                assert names == (everything if order == "Ascending" else everything[::-1])


@pytest.mark.parametrize("seed", range(3))
def test_features_come_in_the_order_of_their_times_whatever_has_happened_to_them(
    serve, catalog, seed
):
    random, client, clock = Random(seed), serve(catalog), catalog.groups.clock
    registry = catalog.groups.registry
    for number in range(4):
        clock.now += random.choice([0, 0, 1000, 1_000_000])
        catalog.groups.create(group_spec(f"g{number}{'-x' if number % 2 else ''}"))
    names = [group.name for group in registry.list()]
    for step in range(12):
        clock.now += random.choice([0, 1000, 1_000_000])
        group = registry.get(random.choice(names))
        if random.random() < 0.3:
            more = FeatureDefinition(f"more{step}", FeatureType.STRING)
            growth = (*group.growth, (len(group.features), clock.now))
            registry.replace(replace(group, features=(*group.features, more), growth=growth))
        else:
            feature = random.choice(group.feature_names)
            catalog.update(group.name, feature, MetadataChange(description=f"step {step}"))
    for sort_by, key in (
        ("LastModifiedTime", lambda it: it["LastModifiedTime"]),
        ("CreationTime", lambda it: it["CreationTime"]),
        ("FeatureGroupName", lambda it: it["FeatureGroupName"]),
    ):
        for order in ("Ascending", "Descending"):
            answers = client.get_paginator("search").paginate(
                Resource="FeatureMetadata",
                SortBy=sort_by,
                SortOrder=order,
                PaginationConfig={"PageSize": 3},
            )
            found = [it["FeatureMetadata"] for page in answers for it in page["Results"]]
            keys = [key(each) for each in found]
            assert keys == sorted(keys, reverse=order == "Descending")
            told = sorted((each["FeatureGroupName"], each["FeatureName"]) for each in found)
            assert told == sorted(
                (group.name, name) for group in registry.list() for name in group.feature_names
            )


def test_a_group_that_comes_between_two_pages_neither_repeats_nor_hides_another(serve, catalog):
    client, clock = serve(catalog), catalog.groups.clock
    for name in ("a", "b", "c", "d"):
        clock.now += 1_000_000
        catalog.groups.create(group_spec(name))
    first = client.list_feature_groups(MaxResults=2)
    clock.now += 1_000_000
    catalog.groups.create(group_spec("e"))
    second = client.list_feature_groups(MaxResults=2, NextToken=first["NextToken"])
    names = [
        each["FeatureGroupName"]
        for page in (first, second)
        for each in page["FeatureGroupSummaries"]
    ]
    assert names == ["d", "c", "b", "a"]
    assert "NextToken" not in second


def test_creation_times_bound_a_listing_to_the_millisecond(serve, catalog):
    client, clock = serve(catalog), catalog.groups.clock
    clock.now = START + 999  # shown as START's millisecond
    for name in ("a", "b", "c"):
        catalog.groups.create(group_spec(name))
        clock.now += 1000
    moment = START // 1000 / 1000

    def listed(**arguments):
        answer = client.list_feature_groups(SortOrder="Ascending", **arguments)
        return [each["FeatureGroupName"] for each in answer["FeatureGroupSummaries"]]

    for sort_by in ("CreationTime", "Name"):
        assert listed(CreationTimeAfter=moment, SortBy=sort_by) == ["b", "c"]
        assert listed(CreationTimeBefore=moment + 0.002, SortBy=sort_by) == ["a", "b"]
        both = {"CreationTimeAfter": moment, "CreationTimeBefore": moment + 0.002}
        assert listed(**both, SortBy=sort_by) == ["b"]
        assert listed(CreationTimeAfter=-1, CreationTimeBefore=10**11, SortBy=sort_by) == list(
            "abc"
        )


@pytest.mark.parametrize("token", ["", "x", "é", "W10=", "x" * 8000])
def test_a_token_that_no_page_gave_is_refused(serve, catalog, token):
    client = serve(catalog)
    for ask in (
        client.list_feature_groups,
        lambda **more: client.search(Resource="FeatureGroup", **more),
        lambda **more: client.search(Resource="FeatureMetadata", **more),
        lambda **more: client.search(Resource="FeatureGroup", SortBy="Description", **more),
    ):
        with pytest.raises(ClientError, match="NextToken is not one") as refusal:
            ask(NextToken=token)
        assert refusal.value.response["Error"]["Code"] == "ValidationException"


def test_a_token_of_another_order_is_refused(serve, catalog):
    client = serve(catalog)
    for name in ("a", "b"):
        catalog.groups.create(group_spec(name))
    token = client.list_feature_groups(MaxResults=1)["NextToken"]
    for arguments in ({"SortBy": "Name"}, {"SortOrder": "Ascending"}):
        with pytest.raises(ClientError, match="NextToken is not one"):
            client.list_feature_groups(NextToken=token, **arguments)
    with pytest.raises(ClientError, match="NextToken is not one"):
        client.search(Resource="FeatureGroup", NextToken=token)


def test_a_search_whose_time_is_nearly_up_answers_what_it_has_and_goes_on(catalog):
    clock = SleepingClock()
    for number in range(5):
        catalog.groups.create(group_spec(f"g{number}"))
    order, token, found, answers = Order(name="Name", descending=False), None, [], 0

    def admits(group):
        clock.sleep(4.0)
        return group.name in {"g1", "g4"}

    while answers == 0 or token:
        with within(9.0, clock):
            ask = Ask(order=order, size=5, token=token)
            page = catalog.groups.page(GroupOrder.NAME, ask, admits)
        found += [group.name for group in page.entries]
        token, answers = page.next_token, answers + 1
    assert found == ["g1", "g4"]
    assert answers == 3
