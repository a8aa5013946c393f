"""PutRecord: what is taken, what it does to either store, and what is refused."""

import pytest

from tests.conformance.refusals import code, refused
from tests.conformance.store import AT, ID, T0, T1, values

LIMIT = 350 * 1024


def test_row_053_a_put_replaces_the_whole_record(store, group, key):
    store.put(group, key, T0, {"city": "Ulm", "clicks": "1"})
    store.put(group, key, T1, {"clicks": "2"})
    assert store.get(group, key) == {ID: key, AT: T1, "clicks": "2"}


@pytest.mark.parametrize(
    "features",
    [
        {"score": "0.0"},
        {"score": "25"},
        {"score": "1e3", "clicks": "-0"},
        {"clicks": "9223372036854775807"},
        {"city": ""},
        {"city": "Zürich \U0001f426 \"'\\\n\t\u0000"},
    ],
)
def test_row_054_values_come_back_verbatim(store, group, key, features):
    store.put(group, key, T0, features)
    assert store.get(group, key) == {ID: key, AT: T0, **features}


def test_row_055_a_record_needs_its_identifier_and_its_event_time(store, group, key):
    assert refused(store, group, {AT: T0, "city": "x"}) == "ValidationError"
    assert refused(store, group, {ID: key, "city": "x"}) == "ValidationError"


@pytest.mark.parametrize(
    "features",
    [
        {"nothing": "1"},
        {"clicks": "abc"},
        {"clicks": "1.0"},
        {"clicks": ""},
        {"clicks": "9223372036854775808"},
        {"score": "abc"},
        {"score": "NaN"},
        {"score": "Infinity"},
        {"city": ["a", "list"]},
    ],
)
def test_row_056_a_value_that_does_not_fit_is_refused(store, group, key, features):
    assert refused(store, group, {ID: key, AT: T0, **features}) == "ValidationError"
    assert store.get(group, key) is None


def test_row_056_a_feature_stands_once(store, group, key):
    record = values({ID: key, AT: T0, "city": "a"}) + values({"city": "b"})
    assert code(store.rt.put_record, FeatureGroupName=group, Record=record) == "ValidationError"


def test_row_063_a_write_goes_to_the_stores_it_names(store, offline, group, key):
    names = {store_: f"{key}-{store_}" for store_ in ("OnlineStore", "OfflineStore")}
    for name, identifier in names.items():
        store.put(group, identifier, T0, TargetStores=[name])
    both = ["OnlineStore", "OfflineStore"]
    store.put(group, key, T0, TargetStores=both)
    assert store.get(group, names["OnlineStore"]) is not None
    assert store.get(group, names["OfflineStore"]) is None
    assert store.get(group, key) is not None
    offline.eventually(group, key, 1)
    offline.eventually(group, names["OfflineStore"], 1)
    assert offline.rows(group, names["OnlineStore"]) == []


def test_row_063_a_store_that_the_group_lacks_is_refused(store, online_group, offline_group, key):
    record = {ID: key, AT: T0}
    assert refused(store, online_group, record, TargetStores=["OfflineStore"]) == "ValidationError"
    assert refused(store, offline_group, record, TargetStores=["OnlineStore"]) == "ValidationError"


def test_row_064_a_record_has_350_kilobytes_at_most(store, online_group, key):
    names = sum(len(name) for name in (ID, AT, "city"))
    room = LIMIT - len(key) - len(T0) - names
    store.put(online_group, key, T0, {"city": "x" * room})
    assert len(store.get(online_group, key)["city"]) == room
    too_large = {ID: key, AT: T1, "city": "x" * (LIMIT + 1)}
    assert refused(store, online_group, too_large) == "ValidationError"
    assert store.get(online_group, key)[AT] == T0


def test_row_064_an_identifier_has_2_kilobytes_at_most(store, online_group):
    longest = (store.name("long") + "-").ljust(2048, "x")
    store.put(online_group, longest, T0)
    assert store.get(online_group, longest) == {ID: longest, AT: T0}
    assert refused(store, online_group, {ID: longest + "x", AT: T0}) == "ValidationError"


def test_row_065_a_missing_group_is_named(store, key):
    record = values({ID: key, AT: T0})
    with pytest.raises(store.rt.exceptions.ValidationError, match="can't find a FeatureGroup"):
        store.rt.put_record(FeatureGroupName="no-such-group", Record=record)


def test_row_066_a_put_right_after_created_never_fails(store):
    for _ in range(5):
        name = store.create("fresh", offline=True)
        store.put(name, "1", T0)
        assert store.get(name, "1") == {ID: "1", AT: T0}
