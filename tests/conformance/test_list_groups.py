"""ListFeatureGroups."""

from datetime import timedelta

import pytest

from tests.conformance.refusals import refusal


@pytest.fixture(scope="module")
def three(store):
    """Three groups that share a part of their names, oldest first."""
    word = store.name("listed")
    return word, [store.create(name=f"{word}-{letter}", offline=letter == "b") for letter in "cab"]


def names(page):
    return [each["FeatureGroupName"] for each in page["FeatureGroupSummaries"]]


def test_row_047_groups_are_listed_by_name_status_and_time(store, three):
    word, made = three
    ask = store.sm.list_feature_groups
    assert sorted(names(ask(NameContains=word))) == sorted(made)
    assert names(ask(NameContains=word, OfflineStoreStatusEquals="Active")) == [made[2]]
    assert len(names(ask(NameContains=word, FeatureGroupStatusEquals="Created"))) == 3
    assert names(ask(NameContains=word, FeatureGroupStatusEquals="CreateFailed")) == []
    first = store.sm.describe_feature_group(FeatureGroupName=made[0])["CreationTime"]
    assert names(ask(NameContains=word, CreationTimeBefore=first + timedelta(milliseconds=1))) == [
        made[0]
    ]
    assert (
        len(names(ask(NameContains=word, CreationTimeAfter=first + timedelta(milliseconds=1)))) == 2
    )


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("Name", "abc"),
        ("CreationTime", "cab"),
        ("FeatureGroupStatus", None),
        ("OfflineStoreStatus", None),
    ],
)
def test_row_047_groups_are_sorted(store, three, key, expected, order):
    word, _ = three
    page = store.sm.list_feature_groups(NameContains=word, SortBy=key, SortOrder=order)
    letters = [name[-1] for name in names(page)]
    if key == "OfflineStoreStatus":  # b is Active, the others are Disabled
        assert letters.index("b") == (0 if order == "Ascending" else 2)
    elif expected:
        assert "".join(letters) == (expected if order == "Ascending" else expected[::-1])
    assert sorted(letters) == ["a", "b", "c"]


def test_row_047_groups_are_paged(store, three):
    word, made = three
    pages = store.sm.get_paginator("list_feature_groups").paginate(
        NameContains=word, MaxResults=2, SortBy="Name"
    )
    found = [names(page) for page in pages]
    assert [len(page) for page in found] == [2, 1]
    assert sorted(name for page in found for name in page) == sorted(made)
    foreign = refusal(store.sm.list_feature_groups, NextToken="not a token")
    assert foreign.response["Error"]["Code"] == "ValidationException"
