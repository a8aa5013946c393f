"""GetRecord, BatchGetRecord and ListRecords."""

from datetime import UTC, datetime

import pytest

from tests.conformance.refusals import code
from tests.conformance.store import AT, ID, T0, T1, as_dict

FAR = "2999-01-01T00:00:00Z"
HOUR = {"Unit": "Hours", "Value": 1}


def test_row_068_an_unknown_record_is_an_answer_without_record(store, group, key):
    answer = store.answer(group, key)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "Record" not in answer


def test_row_069_named_features_alone_are_answered(store, group, key):
    store.put(group, key, T0, {"city": "Ulm", "clicks": "1"})
    assert store.get(group, key, FeatureNames=["clicks"]) == {"clicks": "1"}
    assert store.get(group, key, FeatureNames=["clicks", "score"]) == {"clicks": "1"}
    unknown = {
        "FeatureGroupName": group,
        "RecordIdentifierValueAsString": key,
        "FeatureNames": ["nothing"],
    }
    assert code(store.rt.get_record, **unknown) == "ValidationError"


def test_row_070_a_group_without_an_online_store_is_not_read(store, offline_group, key):
    asked = {"FeatureGroupName": offline_group, "RecordIdentifierValueAsString": key}
    assert code(store.rt.get_record, **asked) == "ValidationError"
    batch = store.batch_get((offline_group, [key]))
    assert [each["ErrorCode"] for each in batch["Errors"]] == ["ValidationError"]


def test_row_071_expiry_is_told_when_asked_for_and_there_is_one(store, online_group, key):
    store.put(online_group, key, FAR, TtlDuration=HOUR)
    store.put(online_group, f"{key}-lasting", FAR)
    told = store.answer(online_group, key, ExpirationTimeResponse="Enabled")["ExpiresAt"]
    assert datetime.fromisoformat(told) == datetime(2999, 1, 1, 1, tzinfo=UTC)
    assert told.endswith("Z")
    assert "ExpiresAt" not in store.answer(online_group, key)
    assert "ExpiresAt" not in store.answer(online_group, key, ExpirationTimeResponse="Disabled")
    lasting = store.answer(online_group, f"{key}-lasting", ExpirationTimeResponse="Enabled")
    assert "ExpiresAt" not in lasting
    entry = {
        "FeatureGroupName": online_group,
        "RecordIdentifiersValueAsString": [key, f"{key}-lasting"],
    }
    batch = store.rt.batch_get_record(Identifiers=[entry], ExpirationTimeResponse="Enabled")
    assert {r["RecordIdentifierValueAsString"]: r.get("ExpiresAt") for r in batch["Records"]} == {
        key: told,
        f"{key}-lasting": None,
    }


@pytest.fixture(scope="module")
def hundred(store):
    """A hundred groups with a record each."""
    word = store.name("hundred")
    names = [store.start(name=f"{word}-{number}") for number in range(100)]
    for name in names:
        store.wait(name)
        store.put(name, "1", T0, {"city": name})
    return names


def test_row_072_a_hundred_groups_are_read_by_one_call(store, hundred):
    answer = store.batch_get(*[(name, ["1"]) for name in hundred])
    assert (answer["Errors"], answer["UnprocessedIdentifiers"]) == ([], [])
    assert [as_dict(each["Record"])["city"] for each in answer["Records"]] == hundred


def test_row_073_the_missing_are_left_out_and_bad_groups_are_errors(store, group, key):
    store.put(group, key, T0)
    answer = store.batch_get((group, [key, f"{key}-missing"]), ("no-such-group", ["a", "b"]))
    assert [each["RecordIdentifierValueAsString"] for each in answer["Records"]] == [key]
    assert [
        (each["FeatureGroupName"], each["RecordIdentifierValueAsString"], each["ErrorCode"])
        for each in answer["Errors"]
    ] == [("no-such-group", "a", "ResourceNotFound"), ("no-such-group", "b", "ResourceNotFound")]
    assert answer["UnprocessedIdentifiers"] == []


def test_row_074_what_does_not_fit_an_answer_is_asked_for_again(store, online_group, key):
    large = {"city": "x" * 300_000}
    left = [f"{key}-{number}" for number in range(30)]
    for identifier in left:
        store.put(online_group, identifier, T0, large)
    found, calls = [], 0
    while left:
        answer = store.batch_get((online_group, left))
        assert answer["Errors"] == []
        found += [each["RecordIdentifierValueAsString"] for each in answer["Records"]]
        rest = answer["UnprocessedIdentifiers"]
        left = rest[0]["RecordIdentifiersValueAsString"] if rest else []
        calls += 1
    assert (len(found), len(set(found)), calls) == (30, 30, 2)


def test_row_075_an_identifier_may_stand_twice(store, group, key):
    store.put(group, key, T0)
    answer = store.batch_get((group, [key, key]), (group, [key]))
    assert {each["RecordIdentifierValueAsString"] for each in answer["Records"]} == {key}
    assert answer["Errors"] == []


def test_row_079_records_are_listed_once_over_all_pages(store):
    name = store.create("listed")
    made = {f"record {number}, é" for number in range(130)}
    for identifier in made:
        store.put(name, identifier, T0)
    pages = list(store.rt.get_paginator("list_records").paginate(FeatureGroupName=name))
    found = [identifier for page in pages for identifier in page["RecordIdentifiers"]]
    assert (set(found), len(found)) == (made, 130)
    assert all(len(page["RecordIdentifiers"]) <= 100 for page in pages)
    small = store.rt.list_records(FeatureGroupName=name, MaxResults=7)
    assert len(small["RecordIdentifiers"]) <= 7
    assert small["NextToken"]


def test_row_079_the_deleted_and_the_expired_are_not_listed(store):
    name = store.create("listed-live")
    store.put(name, "stays", T0)
    store.put(name, "expired", T0, TtlDuration=HOUR)
    for identifier, mode in (("soft", "SoftDelete"), ("hard", "HardDelete")):
        store.put(name, identifier, T0)
        store.delete(name, identifier, T1, DeletionMode=mode)
    assert store.listed(name) == ["stays"]
    assert sorted(store.listed(name, IncludeSoftDeletedRecords=True)) == ["soft", "stays"]


def test_row_079_a_group_without_an_online_store_lists_nothing(store, offline_group):
    assert code(store.rt.list_records, FeatureGroupName=offline_group) == "ValidationError"


def test_row_118_a_writer_reads_its_own_write(store, group, key):
    for number in range(50):
        moment = f"2024-01-01T00:00:{number:02d}Z"
        store.put(group, key, moment)
        assert store.get(group, key) == {ID: key, AT: moment}
