"""BatchWriteRecord."""

from tests.conformance.store import AT, ID, T0, T1, T2, T3, as_dict, values

FAR = "2999-01-01T00:00:00Z"


def entry(group, identifier, at=T0, features=None, **members):
    record = values({ID: identifier, AT: at, **(features or {})})
    return {"FeatureGroupName": group, "Record": record, **members}


def expiry(store, group, identifier):
    return store.answer(group, identifier, ExpirationTimeResponse="Enabled").get("ExpiresAt")


def test_row_076_25_entries_of_several_groups_are_written(
    store, group, v2_group, online_group, key
):
    groups = [group, v2_group, online_group]
    entries = [entry(groups[n % 3], f"{key}-{n}", features={"clicks": str(n)}) for n in range(25)]
    answer = store.rt.batch_write_record(Entries=entries)
    assert (answer["Errors"], answer["UnprocessedEntries"]) == ([], [])
    for n in range(25):
        assert store.get(groups[n % 3], f"{key}-{n}")["clicks"] == str(n)


def test_row_076_entries_have_their_own_ttl_and_stores(store, offline, group, key):
    day, hour = ({"Unit": unit, "Value": 1} for unit in ("Days", "Hours"))
    entries = [
        entry(group, f"{key}-default", FAR),
        entry(group, f"{key}-own", FAR, TtlDuration=day),
        entry(group, f"{key}-offline", FAR, TargetStores=["OfflineStore"]),
    ]
    answer = store.rt.batch_write_record(Entries=entries, TtlDuration=hour)
    assert answer["Errors"] == []
    assert expiry(store, group, f"{key}-default") == "2999-01-01T01:00:00Z"
    assert expiry(store, group, f"{key}-own") == "2999-01-02T00:00:00Z"
    assert store.get(group, f"{key}-offline") is None
    offline.eventually(group, f"{key}-offline", 1)


def test_row_077_a_bad_entry_fails_alone_and_is_echoed_exactly(store, group, key):
    bad = [
        entry(group, f"{key}-1", "yesterday", TargetStores=["OnlineStore"]),
        entry("no-such-group", f"{key}-2", TtlDuration={"Unit": "Days", "Value": 1}),
        entry(group, f"{key}-3", features={"nothing": "1"}),
    ]
    good = [entry(group, f"{key}-a"), entry(group, f"{key}-b")]
    answer = store.rt.batch_write_record(Entries=[good[0], *bad, good[1]])
    assert [each["Entry"] for each in answer["Errors"]] == bad
    codes = [each["ErrorCode"] for each in answer["Errors"]]
    assert codes == ["ValidationError", "ResourceNotFound", "ValidationError"]
    assert answer["UnprocessedEntries"] == []
    assert len(store.batch_get((group, [f"{key}-a", f"{key}-b", f"{key}-1"]))["Records"]) == 2


def test_row_077_a_full_overwrite_is_made_of_each_entry(store, group, key):
    store.put(group, key, T0, {"city": "Ulm", "clicks": "1"})
    store.rt.batch_write_record(Entries=[entry(group, key, T1, {"clicks": "2"})])
    assert store.get(group, key) == {ID: key, AT: T1, "clicks": "2"}


def test_row_078_the_event_time_rule_holds_within_a_batch(store, offline, group, key):
    entries = [entry(group, key, at, {"city": at}) for at in (T1, T3, T0, T2)]
    assert store.rt.batch_write_record(Entries=entries)["Errors"] == []
    assert store.get(group, key)["city"] == T3
    assert [row["city"] for row in offline.eventually(group, key, 4)] == [T0, T1, T2, T3]


def test_row_078_a_batch_as_large_as_lambda_takes_is_written(store, online_group, key):
    entries = [
        entry(online_group, f"{key}-{n}", features={"city": "x" * 220_000}) for n in range(25)
    ]
    left = entries
    while left:
        answer = store.rt.batch_write_record(Entries=left)
        assert answer["Errors"] == []
        left = answer["UnprocessedEntries"]
    last = store.batch_get((online_group, [f"{key}-24"]))["Records"]
    assert len(as_dict(last[0]["Record"])["city"]) == 220_000


def test_row_119_the_same_write_again_changes_nothing_online(store, offline, group, key):
    record = {"city": "Ulm"}
    for _ in range(2):
        store.put(group, key, T0, record)
        store.rt.batch_write_record(Entries=[entry(group, key, T0, record)])
    assert store.get(group, key) == {ID: key, AT: T0, **record}
    rows = offline.eventually(group, key, 4)
    assert len({(row[ID], row[AT], row["city"], row["is_deleted"]) for row in rows}) == 1
    assert len({row["write_time"] for row in rows}) == 4
