"""The records client: dictionaries in, typed dictionaries out."""

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder import GetRecords, UnreadRecords
from larder.access.rules import AccessRules
from larder.errors import (
    AccessForbidden,
    ConflictException,
    ResourceNotFound,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)
from larder.groups.feature_group import FeatureDefinition, FeatureType, OnlineStore, StorageType
from larder.records.adapters.dynamodb_item import log_key, partition_patterns, record_key
from larder.records.record import RecordVersion, Slot, State
from larder.testing.records import MemoryRecordStore
from tests.support.direct import memory_plane, platform_at, records_client, records_over
from tests.support.groups import FEATURES, HOME, feature_group
from tests.support.stores import Refusing, Told

T1, T2, T3 = (f"9000-01-0{day}T00:00:00Z" for day in (1, 2, 3))
V2 = feature_group(online=OnlineStore(StorageType.STANDARD_V2))
NUMBERED = feature_group(
    "orders", features=(FeatureDefinition("customer_id", FeatureType.INTEGRAL), *FEATURES[1:])
)


def record(identifier="c1", at=T1, **features):
    return {"customer_id": identifier, "event_time": at, **features}


@pytest.fixture
def store():
    return records_client(V2, NUMBERED)


def test_a_record_comes_back_in_the_types_of_its_features(store):
    whole = record(clicks=7, score=0.1, city="Ulm")
    store.put("customers", whole)
    found = store.get("customers", "c1")
    assert (found, found.expires_at) == (whole, None)
    assert store.get("customers", "c1", ["score", "clicks"]) == {"score": 0.1, "clicks": 7}


def test_a_datetime_is_an_event_time(store):
    store.put("customers", record(at=datetime(9000, 1, 1, tzinfo=UTC)))
    assert store.get("customers", "c1")["event_time"] == T1


def test_a_record_that_is_not_there_is_none(store):
    store.put("customers", record())
    assert store.get("customers", "nobody") is None
    assert store.get("customers", "c1", ["clicks"]) is None


def test_the_expiry_of_a_record_stands_beside_it(store):
    store.put("customers", record(), ttl=timedelta(days=2))
    assert store.get("customers", "c1").expires_at == T3
    assert store.get_many("customers", ["c1"])[0].expires_at == T3


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(seconds=1.5), timedelta(days=-1)])
def test_a_time_to_live_is_whole_seconds(store, ttl):
    with pytest.raises(ValidationError, match=r"ttl: .*whole number of seconds"):
        store.put("customers", record(), ttl=ttl)


def test_an_identifier_may_be_a_number_where_its_feature_is_one(store):
    store.put("orders", record(7, clicks=1))
    assert store.get("orders", 7)["customer_id"] == 7
    assert store.get("orders", "07")["clicks"] == 1
    assert [found and found["clicks"] for found in store.get_many("orders", [8, 7])] == [None, 1]
    store.delete("orders", 7, T2)
    assert store.get("orders", 7) is None


def test_many_records_come_in_the_order_asked_from_several_groups(store):
    store.put("customers", record("c1"))
    store.put("customers", record("c2", clicks=2))
    store.put("orders", record(7, city="Ulm"))
    asked = [
        GetRecords("customers", ["c2", "no", "c1", "c2"], ["customer_id"]),
        GetRecords("orders", ["7"], ["city"]),
    ]
    c1, c2 = {"customer_id": "c1"}, {"customer_id": "c2"}
    assert store.batch_get(asked) == [c2, None, c1, c2, {"city": "Ulm"}]
    assert store.get_many("customers", ("c1", "c3"), ["customer_id"]) == [c1, None]
    assert store.get_many("customers", []) == []


def test_one_text_is_no_list_of_identifiers(store):
    with pytest.raises(ValidationError, match="give a list of identifiers"):
        store.get_many("customers", "c1")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ([GetRecords("nope", ["c1"])], ResourceNotFound),
        ([GetRecords("customers", ["c1"], ["nope"])], ValidationError),
        ([GetRecords("customers", ["c1"]), GetRecords("orders", ["x"])], ValidationError),
    ],
)
def test_what_is_asked_wrongly_is_raised(store, asked, error):
    with pytest.raises(error):
        store.batch_get(asked)


def test_records_that_were_not_read_are_named_beside_those_that_were():
    behind = Refusing(unread=["c2"])
    store = records_client(store=behind)
    store.put("customers", record("c1"))
    with pytest.raises(UnreadRecords, match=r"1 records were not read.*'c2'") as refusal:
        store.get_many("customers", ["c1", "c2", "c3"])
    assert refusal.value.unread == [("customers", "c2")]
    assert refusal.value.records == {("customers", "c1"): record("c1")}
    assert isinstance(refusal.value, ThrottlingException)
    with pytest.raises(ThrottlingException):
        store.get("customers", "c2")


def test_puts_of_many_records_have_an_outcome_each(store):
    outcome = store.put_many(
        "customers",
        [record("c1"), record("c2", score=float("nan")), record("c3", nope=1), record("c4")],
    )
    assert [(place, type(error).__name__) for place, error in outcome.errors] == [
        (1, "ValidationError"),
        (2, "UndefinedFeature"),
    ]
    assert (outcome.unprocessed, outcome.all_accepted) == ([], False)
    assert set(store.list("customers")) == {"c1", "c4"}


def test_puts_that_the_store_refused_are_unprocessed():
    class Silent(MemoryRecordStore):
        def put(self, slot, version, *, now_nanos):
            if slot.identifier == "c2":
                raise ServiceUnavailable("silence")
            return super().put(slot, version, now_nanos=now_nanos)

    store = records_client(store=Silent())
    outcome = store.put_many("customers", (record(each) for each in ("c1", "c2", "c3")))
    assert (outcome.errors, outcome.unprocessed) == ([], [1])


def test_an_update_changes_what_it_names(store):
    store.put("customers", record(clicks=1, city="Ulm"))
    store.update("customers", "c1", {"clicks": 2, "event_time": T2})
    assert store.get("customers", "c1") == record(at=T2, clicks=2, city="Ulm")
    with pytest.raises(ConflictException):
        store.update("customers", "c1", {"clicks": 3, "event_time": T1})
    with pytest.raises(ResourceNotFound):
        store.update("customers", "nobody", {"clicks": 3})


def test_a_deleted_record_is_gone_softly_or_hard(store):
    for identifier in ("c1", "c2", "c3"):
        store.put("customers", record(identifier))
    store.delete("customers", "c1", datetime(9000, 1, 2, tzinfo=UTC))
    store.delete("customers", "c2", T2, hard=True)
    assert list(store.list("customers")) == ["c3"]
    assert set(store.list("customers", soft_deleted=True)) == {"c1", "c3"}
    with pytest.raises(ValidationError, match="nothing was deleted"):
        store.delete("customers", "c3", T1, hard=True)


def test_all_pages_of_a_list_are_given(store):
    names = {f"c{n}" for n in range(1203)}
    store.put_many("customers", (record(name) for name in names))
    listed = list(store.list("customers"))
    assert len(listed) == 1203
    assert set(listed) == names


def test_a_write_goes_to_the_stores_that_it_names(store):
    store.put("customers", record(), targets=["OfflineStore"])
    assert store.get("customers", "c1") is None
    store.put("customers", record(), targets="OnlineStore")
    assert store.get("customers", "c1") == record()
    for wrong in (["Nowhere"], []):
        with pytest.raises(ValidationError, match="targets: "):
            store.put("customers", record(), targets=wrong)


def test_a_read_asks_for_the_consistency_it_names():
    told = Told()
    store = records_client(store=told)
    store.get("customers", "c1")
    store.get("customers", "c1", consistency="strong")
    store.get_many("customers", ["c1"], consistency="eventual")
    store.batch_get([GetRecords("customers", ["c1"])], consistency="strong")
    assert told.asked == ["default", "strong", "eventual", "strong"]
    with pytest.raises(ValidationError, match="consistency: 'monotonic'"):
        store.get("customers", "c1", consistency="monotonic")


def test_a_feature_added_a_moment_ago_is_taken():
    plane = memory_plane(V2)
    store = records_over(lambda _: plane)
    plane.reader.groups.lifetime = plane.writer.groups.lifetime = 3600.0
    store.put("customers", record())
    wider = feature_group(
        features=(*FEATURES, FeatureDefinition("more", FeatureType.INTEGRAL)), online=V2.online
    )
    plane.writer.groups.registry.by_name["customers"] = wider
    store.put("customers", record(at=T2, more=5))
    assert store.get("customers", "c1", ["more"]) == {"more": 5}
    assert store.get_many("customers", ["c1"], ["more"]).to_arrow().to_pylist() == [{"more": 5}]


def test_grants_are_asked_for_the_caller_that_is_named():
    reader = f"arn:aws:iam::{HOME.account_id}:role/Reader"
    tags = (("larder:read:all", reader), ("larder:admin:me", f"{reader}Boss"))
    closed = feature_group(tags=tags)
    store = records_client(closed)
    store.put("customers", record())
    plane = memory_plane(closed, rules=AccessRules(HOME))
    theirs = records_over(lambda _: plane, caller=reader)
    assert theirs.get("customers", "c1") is None
    for refused in (
        lambda: theirs.put("customers", record()),
        lambda: theirs.update("customers", "c1", {"clicks": 1}),
        lambda: theirs.delete("customers", "c1", T2),
    ):
        with pytest.raises(AccessForbidden):
            refused()


def test_sixteen_threads_share_a_store(store):
    failures = []

    def work(number):
        try:
            for turn in range(20):
                name = f"t{number}-{turn}"
                store.put("customers", record(name, clicks=turn))
                assert store.get("customers", name, ["clicks"]) == {"clicks": turn}
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert len(list(store.list("customers"))) == 16 * 20


def test_a_forked_process_opens_stores_of_its_own(monkeypatch):
    opened, closed = [], []

    def opening(_):
        number = len(opened)
        opened.append(number)
        return replace(memory_plane(), close=lambda: closed.append(number))

    with platform_at(open_plane=opening) as platform:
        platform.records.put("customers", record())
        parent = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: parent + 1)
        assert platform.records.get("customers", "c1") is None
        assert opened == [0, 1]
    assert closed == [1]


def test_a_groups_leading_keys_are_those_of_its_items_alone(store):
    assert store.leading_keys("customers") == ["R#ucustomers#*", "L#ucustomers#*"]


@given(identifier=st.text(min_size=1, max_size=300).filter(lambda text: text.isprintable()))
def test_the_leading_keys_of_a_group_cover_its_items_and_no_others(identifier):
    patterns = partition_patterns("u1")
    for uid, covered in (("u1", True), ("u11", False), ("u", False), ("u2", False)):
        slot = Slot(uid, 64, identifier)
        version = RecordVersion(identifier, 1, 1, 1, State.LIVE, b"[]", 1)
        for key in (record_key(slot), log_key(slot, version)):
            matches = [fnmatchcase(key["pk"]["S"], pattern) for pattern in patterns]
            assert any(matches) is covered
