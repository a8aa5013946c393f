"""The data plane's younger operations: batch writes, partial updates, listings."""

import pytest

from larder.errors import ThrottlingException
from larder.groups.feature_group import OnlineStore, StorageType
from larder.testing.records import MemoryRecordStore
from tests.handlers.test_runtime import T1, T2, Door
from tests.support.groups import feature_group

T3 = "2024-01-03T00:00:00Z"
V2 = feature_group(online=OnlineStore(StorageType.STANDARD_V2))


def values(**features):
    return [{"FeatureName": k, "ValueAsString": v} for k, v in features.items()]


def entry(identifier, event_time=T1, group="customers", **features):
    record = values(customer_id=identifier, event_time=event_time, **features)
    return {"FeatureGroupName": group, "Record": record}


def write(door, *entries, **more):
    return door.call("POST", "/BatchWriteRecord", body={"Entries": list(entries), **more})


def update(door, identifier="c1", group="customers", ttl=None, **features):
    body = {"RecordIdentifierValueAsString": identifier, "Features": values(**features)}
    if ttl:
        body["TtlDuration"] = ttl
    return door.call("POST", f"/FeatureGroup/{group}/Record", body=body)


def pages(door, size, **more):
    body = {"MaxResults": size, **more}
    while True:
        status, page = door.call("POST", "/FeatureGroup/customers/ListRecords", body=body)
        assert status == 200
        yield page["RecordIdentifiers"]
        if "NextToken" not in page:
            return
        body["NextToken"] = page["NextToken"]


def listed(door, size=100, **more):
    return sorted(identifier for page in pages(door, size, **more) for identifier in page)


def test_a_batch_of_writes_over_several_groups_is_stored():
    door = Door(feature_group(), feature_group("orders"))
    assert write(door, entry("c1"), entry("o1", group="orders")) == (
        200,
        {"Errors": [], "UnprocessedEntries": []},
    )
    assert door.get("c1") and door.get("o1", group="orders")


def test_one_bad_entry_fails_alone_and_is_echoed_exactly():
    door = Door()
    bad = entry("c2", clicks="many")
    lost = entry("c3", group="nope")
    _, body = write(door, entry("c1"), bad, lost, entry("c4"))
    assert [(each["Entry"], each["ErrorCode"]) for each in body["Errors"]] == [
        (bad, "ValidationError"),
        (lost, "ResourceNotFound"),
    ]
    assert [bool(door.get(each)) for each in ("c1", "c2", "c4")] == [True, False, True]


def test_the_event_time_rule_holds_within_a_batch():
    door = Door()
    write(door, entry("c1", T2, city="new"), entry("c1", T1, city="late"))
    assert door.get("c1")["city"] == "new"


def test_the_requests_ttl_is_the_default_of_its_entries():
    door = Door()
    far = "9000-01-01T00:00:00Z"
    own = entry("c2", far) | {"TtlDuration": {"Unit": "Days", "Value": 3}}
    write(door, entry("c1", far), own, TtlDuration={"Unit": "Days", "Value": 1})
    expiries = [
        door.call(
            "GET",
            "/FeatureGroup/customers",
            query=f"RecordIdentifierValueAsString={each}&ExpirationTimeResponse=Enabled",
        )[1]["ExpiresAt"]
        for each in ("c1", "c2")
    ]
    assert expiries == ["9000-01-02T00:00:00Z", "9000-01-04T00:00:00Z"]


def test_throttled_entries_come_back_as_unprocessed():
    class Full(MemoryRecordStore):
        def put(self, slot, version, *, now_nanos):
            if slot.identifier == "c2":
                raise ThrottlingException("slow down")
            return super().put(slot, version, now_nanos=now_nanos)

    door = Door(store=Full())
    _, body = write(door, entry("c1"), entry("c2"))
    assert body == {"Errors": [], "UnprocessedEntries": [entry("c2")]}


def test_an_update_changes_only_the_named_features():
    door = Door(V2)
    door.put("c1", T2, clicks="1", city="x")
    assert update(door, clicks="2") == (200, {})
    assert door.get("c1") == {
        "customer_id": "c1",
        "event_time": T2,
        "clicks": "2",
        "city": "x",
    }
    assert update(door, event_time=T3, score="0.5") == (200, {})
    assert door.get("c1")["event_time"] == T3


def test_an_update_with_an_older_event_time_is_a_conflict():
    door = Door(V2)
    door.put("c1", T2)
    status, body = update(door, event_time=T1, city="x")
    assert (status, body["__type"]) == (409, "ConflictException")
    assert "city" not in door.get("c1")


def test_an_update_keeps_the_time_to_live_or_sets_another():
    door = Door(V2)
    far = "9000-01-01T00:00:00Z"
    write(door, entry("c1", far), TtlDuration={"Unit": "Days", "Value": 1})
    query = "RecordIdentifierValueAsString=c1&ExpirationTimeResponse=Enabled"

    def expiry():
        return door.call("GET", "/FeatureGroup/customers", query=query)[1]["ExpiresAt"]

    update(door, event_time="9000-01-05T00:00:00Z")
    assert expiry() == "9000-01-06T00:00:00Z"
    update(door, event_time="9000-01-05T00:00:00Z", ttl={"Unit": "Weeks", "Value": 1})
    assert expiry() == "9000-01-12T00:00:00Z"


@pytest.mark.parametrize("deleted", [False, True])
def test_an_update_of_a_record_that_is_not_there_is_not_found(deleted):
    door = Door(V2)
    if deleted:
        door.put("c1", T1)
        query = f"RecordIdentifierValueAsString=c1&EventTime={T2}"
        door.call("DELETE", "/FeatureGroup/customers", query=query)
    status, body = update(door, city="x")
    assert (status, body["__type"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("features", "more", "words"),
    [
        ({"clicks": "many"}, {}, "'clicks' is Integral"),
        ({"nope": "1"}, {}, "'nope' is not defined"),
        ({"customer_id": "c2"}, {}, "can't be changed"),
        ({"city": "x"}, {"ttl": {"Unit": "Days", "Value": 1}}, "TtlDuration needs the event time"),
    ],
)
def test_an_update_that_does_not_fit_is_refused(features, more, words):
    door = Door(V2)
    door.put("c1")
    status, body = update(door, **features, **more)
    assert (status, body["__type"]) == (400, "ValidationError")
    assert words in body["message"]


def test_a_standard_group_has_no_partial_updates():
    door = Door()
    door.put("c1")
    status, body = update(door, city="x")
    assert (status, body["__type"]) == (400, "ValidationError")
    assert "Standard_V2 or InMemory" in body["message"]


def test_two_writers_of_different_features_lose_nothing():
    class Racing(MemoryRecordStore):
        """Another writer's update comes between the first read and its write."""

        other = None

        def replace(self, slot, stored, version, *, now_nanos):
            if self.other:
                other, self.other = self.other, None
                other()
            return super().replace(slot, stored, version, now_nanos=now_nanos)

    door = Door(V2, store=Racing())
    door.put("c1", clicks="0", score="0")
    door.store.other = lambda: update(door, clicks="1")
    update(door, score="1")
    assert (door.get("c1")["clicks"], door.get("c1")["score"]) == ("1", "1")


@pytest.mark.parametrize("size", [1, 3, 100])
def test_all_records_are_listed_once_over_pages_of_any_size(size):
    door = Door()
    names = sorted([f"c{n}" for n in range(20)] + ["ä/,", "l" * 2000])
    for name in names:
        door.put(name)
    assert listed(door, size) == names
    assert all(len(page) <= size for page in pages(door, size))


def test_deleted_and_expired_records_are_not_listed_and_tombstones_only_when_asked_for():
    door = Door()
    door.put("live")
    for name, mode in (("soft", "SoftDelete"), ("hard", "HardDelete")):
        door.put(name)
        query = f"RecordIdentifierValueAsString={name}&EventTime={T2}&DeletionMode={mode}"
        door.call("DELETE", "/FeatureGroup/customers", query=query)
    write(door, entry("expired"), TtlDuration={"Unit": "Seconds", "Value": 1})
    assert listed(door) == ["live"]
    assert listed(door, IncludeSoftDeletedRecords=True) == ["live", "soft"]


@pytest.mark.parametrize("token", ["x", "W10=", "WyJvdGhlciIsMCxudWxsXQ==", "é"])
def test_a_foreign_token_is_refused(token):
    door = Door()
    status, body = door.call(
        "POST", "/FeatureGroup/customers/ListRecords", body={"NextToken": token}
    )
    assert (status, body["__type"]) == (400, "ValidationError")
    assert "NextToken" in body["message"]
