"""DeleteRecord in both modes, and time to live."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.offline import deletions
from tests.conformance.refusals import code
from tests.conformance.store import AT, ID, T0, T1, T2, T3
from tests.conformance.waiting import until

SECOND, HOUR = ({"Unit": unit, "Value": 1} for unit in ("Seconds", "Hours"))


def gone(store, group, key):
    """Whether no read shows the record."""
    batch = store.batch_get((group, [key]))
    assert batch["Errors"] == []
    return store.get(group, key) is None and batch["Records"] == []


def test_row_085_a_soft_delete_hides_the_record_and_leaves_a_marker(store, offline, group, key):
    store.put(group, key, T0, {"city": "Ulm"})
    store.delete(group, key, T1)
    assert gone(store, group, key)
    written, marker = offline.eventually(group, key, 2)
    assert written["city"] == "Ulm"
    columns = {ID: key, AT: T1, "is_deleted": "true"}
    assert {name: marker[name] for name in columns} == columns
    assert set(marker) == {*columns, "write_time", "api_invocation_time"}


@pytest.mark.parametrize("moment", [T0, T1])
def test_row_086_a_soft_delete_that_is_not_newer_is_history(store, offline, group, key, moment):
    store.put(group, key, T1, {"city": "Ulm"})
    answer = store.delete(group, key, moment)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert store.get(group, key)["city"] == "Ulm"
    assert deletions(offline.eventually(group, key, 2)) == [moment]


def test_row_087_only_a_newer_put_revives(store, group, key):
    store.put(group, key, T0)
    store.delete(group, key, T2)
    store.put(group, key, T1)
    assert gone(store, group, key)
    store.put(group, key, T3, {"city": "back"})
    assert store.get(group, key) == {ID: key, AT: T3, "city": "back"}


def test_row_088_after_a_hard_delete_an_older_put_is_served(store, offline, group, key):
    store.put(group, key, T1)
    store.delete(group, key, T2, DeletionMode="HardDelete")
    assert gone(store, group, key)
    store.put(group, key, T0, {"city": "older"})
    assert store.get(group, key) == {ID: key, AT: T0, "city": "older"}
    assert deletions(offline.eventually(group, key, 3)) == [T2]


@pytest.mark.parametrize("moment", [T0, T1])
def test_row_089_a_hard_delete_that_is_not_newer_does_nothing(store, offline, group, key, moment):
    store.put(group, key, T1, {"city": "Ulm"})
    asked = {"FeatureGroupName": group, "RecordIdentifierValueAsString": key, "EventTime": moment}
    assert code(store.rt.delete_record, **asked, DeletionMode="HardDelete") == "ValidationError"
    assert store.get(group, key)["city"] == "Ulm"
    store.put(group, key, T2)
    assert deletions(offline.eventually(group, key, 2)) == []


@pytest.mark.parametrize("mode", ["SoftDelete", "HardDelete"])
def test_row_090_an_unknown_record_may_be_deleted(store, group, key, mode):
    answer = store.delete(group, key, T0, DeletionMode=mode)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert gone(store, group, key)


def test_row_090_a_delete_goes_to_the_stores_it_names(store, offline, group, key):
    online, history = f"{key}-online", f"{key}-history"
    for identifier, name in ((online, "OnlineStore"), (history, "OfflineStore")):
        store.put(group, identifier, T0)
        store.delete(group, identifier, T1, TargetStores=[name])
    assert gone(store, group, online)
    assert store.get(group, history) is not None
    assert deletions(offline.eventually(group, history, 2)) == [T1]
    assert deletions(offline.eventually(group, online, 1)) == []


def test_row_091_a_record_is_gone_the_moment_it_expires(store, online_group, key):
    for lifetime in (4, 16, 64):  # long enough to be looked at, however busy the machine is
        now = datetime.now(UTC)
        moment = now + timedelta(seconds=lifetime - 100)
        at, ttl = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), {"Unit": "Seconds", "Value": 100}
        store.put(online_group, key, at, TtlDuration=ttl)
        answer = store.answer(online_group, key, ExpirationTimeResponse="Enabled")
        listed = store.listed(online_group)
        expiry = now + timedelta(seconds=lifetime)
        if datetime.now(UTC) < expiry:
            break
    told = datetime.fromisoformat(answer["ExpiresAt"])
    assert abs(told - expiry) < timedelta(milliseconds=1)
    assert key in listed
    until(told.timestamp())
    assert gone(store, online_group, key)
    assert key not in store.listed(online_group)


def test_row_092_a_backfill_may_be_born_expired(store, offline, group, key):
    store.put(group, key, T0, {"city": "Ulm"}, TtlDuration=HOUR)
    assert gone(store, group, key)
    assert offline.eventually(group, key, 1)[0]["city"] == "Ulm"


def test_row_093_a_records_ttl_beats_its_groups(store, key):
    name = store.create("ttl-both", online={"TtlDuration": HOUR})
    far, day = "2999-01-01T00:00:00Z", {"Unit": "Days", "Value": 1}
    store.put(name, "group", far)
    store.put(name, "own", far, TtlDuration=day)
    told = {
        each: store.answer(name, each, ExpirationTimeResponse="Enabled")["ExpiresAt"]
        for each in ("group", "own")
    }
    assert told == {"group": "2999-01-01T01:00:00Z", "own": "2999-01-02T00:00:00Z"}


def test_row_093_a_ttl_needs_an_online_store(store, offline_group, key):
    record = {"FeatureGroupName": offline_group, "TtlDuration": HOUR}
    record["Record"] = [{"FeatureName": n, "ValueAsString": v} for n, v in ((ID, key), (AT, T0))]
    assert code(store.rt.put_record, **record) == "ValidationError"


def test_row_094_an_expiry_is_a_deletion_in_the_offline_store(store, offline, group, key):
    store.put(group, key, T0, {"city": "Ulm"}, TtlDuration=SECOND)
    store.put(group, key, T3, {"city": "Bonn"})
    rows = offline.eventually(group, key, 3)
    assert [(row[AT], row.get("city"), row["is_deleted"]) for row in rows] == [
        (T0, "Ulm", "false"),
        (T1, None, "true"),
        (T3, "Bonn", "false"),
    ]
