"""UpdateRecord."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.refusals import code
from tests.conformance.store import AT, ID, T0, T1, T2, values

HOUR = {"Unit": "Hours", "Value": 1}


def refused(store, group, identifier, features, **members):
    """The code of the refusal of an update; ``features`` by name, or a list of FeatureValues."""
    sent = features if isinstance(features, list) else values(features)
    return code(
        store.rt.update_record,
        FeatureGroupName=group,
        RecordIdentifierValueAsString=identifier,
        Features=sent,
        **members,
    )


def test_row_080_named_features_change_and_the_others_stay(store, offline, v2_group, key):
    store.put(v2_group, key, T0, {"city": "Ulm", "clicks": "1"})
    store.update(v2_group, key, {"clicks": "2", "score": "0.5"})
    whole = {ID: key, AT: T0, "city": "Ulm", "clicks": "2", "score": "0.5"}
    assert store.get(v2_group, key) == whole
    rows = offline.eventually(v2_group, key, 2)
    assert [row.get("clicks") for row in rows] == ["1", "2"]
    assert rows[1]["city"] == "Ulm"


def test_row_080_a_standard_group_has_no_partial_updates(store, group, key):
    store.put(group, key, T0)
    assert refused(store, group, key, {"city": "x"}) == "ValidationError"


def test_row_080_an_in_memory_group_has_them(store, key):
    name = store.create("memory-update", online={"StorageType": "InMemory"})
    store.put(name, key, T0, {"city": "Ulm"})
    store.update(name, key, {"clicks": "2"})
    assert store.get(name, key) == {ID: key, AT: T0, "city": "Ulm", "clicks": "2"}


def test_row_081_an_older_event_time_is_a_conflict(store, v2_group, key):
    store.put(v2_group, key, T1, {"city": "Ulm"})
    assert refused(store, v2_group, key, {AT: T0, "city": "x"}) == "ConflictException"
    assert store.get(v2_group, key)["city"] == "Ulm"
    store.update(v2_group, key, {AT: T1, "city": "equal"})
    assert store.get(v2_group, key) == {ID: key, AT: T1, "city": "equal"}
    store.update(v2_group, key, {AT: T2, "city": "newer"})
    store.update(v2_group, key, {"clicks": "1"})
    assert store.get(v2_group, key) == {ID: key, AT: T2, "city": "newer", "clicks": "1"}


@pytest.mark.parametrize("mode", [None, "SoftDelete", "HardDelete"])
def test_row_082_a_record_that_is_not_there_is_not_found(store, v2_group, key, mode):
    if mode:
        store.put(v2_group, key, T0)
        store.delete(v2_group, key, T1, DeletionMode=mode)
    assert refused(store, v2_group, key, {"city": "x"}) == "ResourceNotFound"


def test_row_083_a_ttl_needs_an_event_time(store, v2_group, key):
    store.put(v2_group, key, T0)
    assert refused(store, v2_group, key, {"city": "x"}, TtlDuration=HOUR) == "ValidationError"
    far = "2999-01-01T00:00:00Z"
    store.update(v2_group, key, {AT: far}, TtlDuration=HOUR)
    told = store.answer(v2_group, key, ExpirationTimeResponse="Enabled")["ExpiresAt"]
    assert told == "2999-01-01T01:00:00Z"


def test_row_083_features_are_unique_and_100_at_most(store, v2_group, key):
    store.put(v2_group, key, T0)
    twice = values({"city": "a"}) + values({"city": "b"})
    assert refused(store, v2_group, key, twice) == "ValidationError"
    wide = {ID: "String", AT: "String", **{f"f{n}": "String" for n in range(101)}}
    name = store.create("wide-update", online={"StorageType": "Standard_V2"}, features=wide)
    store.put(name, key, T0)
    many = {f"f{n}": str(n) for n in range(101)}
    assert refused(store, name, key, many) == "ValidationError"
    del many["f100"]
    store.update(name, key, many)
    assert store.get(name, key) == {ID: key, AT: T0, **many}


def test_row_084_writers_of_different_features_lose_nothing(store, v2_group, key):
    store.put(v2_group, key, T0)

    def write(feature):
        for number in range(20):
            store.update(v2_group, key, {feature: str(number)})

    with ThreadPoolExecutor(3) as writers:
        list(writers.map(write, ["clicks", "score", "city"]))
    assert store.get(v2_group, key) == {
        ID: key,
        AT: T0,
        "clicks": "19",
        "score": "19",
        "city": "19",
    }
