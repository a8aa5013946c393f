"""Putting and deleting records: what reaches which store."""

from dataclasses import replace

import pytest

from larder.errors import ResourceNotFound, ThrottlingException, ValidationError
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    OnlineStore,
    TargetStore,
    TtlDuration,
)
from larder.records.codec import unpack
from larder.records.read import RecordReader
from larder.records.record import State
from larder.records.write import DeleteRecord, PutRecord, RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.support.groups import FEATURES, HOME, feature_group, group_settings

T1, T2, T3 = (f"2024-01-0{day}T00:00:00Z" for day in (1, 2, 3))
ONLINE, OFFLINE = TargetStore.ONLINE, TargetStore.OFFLINE


class Platform:
    """Writer and reader over one store in memory and a clock that ticks a microsecond a look."""

    def __init__(self, *groups):
        self.store = MemoryRecordStore()
        self.groups = group_settings(*(groups or (feature_group(),)))
        self.now = 1_704_500_000 * 10**9
        self.writer = RecordWriter(self.store, self.groups, self.clock)
        self.reader = RecordReader(self.store, self.groups, self.clock)

    def clock(self):
        self.now += 1000
        return self.now

    def put(self, event_time, *, group="customers", targets=None, ttl=None, **features):
        record = [("customer_id", "c1"), ("event_time", event_time), *features.items()]
        self.writer.put(PutRecord(group, record, targets, ttl))

    def delete(self, event_time, *, hard=False, targets=None):
        self.writer.delete(DeleteRecord("customers", "c1", event_time, hard, targets))

    def online(self):
        found = self.reader.get("customers", "c1", None)
        return dict(found.values) if found else None

    def offline(self):
        """Offline rows in the order of their write times: event time, city, deleted."""
        versions = [each for _, each in self.store.accepted] + list(self.store.logged.values())
        rows = []
        for each in sorted(versions, key=lambda version: version.write_time):
            values = [*unpack(each.packed), None, None, None]
            if each.offline:
                rows.append((values[1], values[4], each.state is not State.LIVE))
        return rows


@pytest.fixture
def platform():
    return Platform()


def test_a_put_replaces_the_whole_record_verbatim(platform):
    platform.put(T1, clicks="+01", score="0.0", city="")
    platform.put(T2, city="Zürich")
    assert platform.online() == {"customer_id": "c1", "event_time": T2, "city": "Zürich"}


def test_a_historic_record_goes_to_the_offline_store_alone(platform):
    platform.put(T2, city="new")
    platform.put(T1, city="late")
    assert platform.online()["city"] == "new"
    assert platform.offline() == [(T2, "new", False), (T1, "late", False)]


def test_an_equal_event_time_overwrites(platform):
    platform.put(T2, city="wrong")
    platform.put(T2, city="right")
    assert platform.online()["city"] == "right"


def test_a_correction_wins_even_when_its_clock_is_behind(platform):
    platform.put(T2, city="wrong")
    platform.now -= 10**12
    platform.put(T2, city="right")
    assert platform.online()["city"] == "right"
    assert platform.offline() == [(T2, "wrong", False), (T2, "right", False)]


def test_an_online_only_put_leaves_no_offline_row(platform):
    platform.put(T1, targets={ONLINE}, city="x")
    assert platform.online()["city"] == "x"
    assert platform.offline() == []


def test_an_offline_only_put_is_not_served(platform):
    platform.put(T1, targets={OFFLINE}, city="x")
    assert platform.online() is None
    assert platform.offline() == [(T1, "x", False)]


def test_a_store_that_the_group_lacks_is_refused_by_name():
    platform = Platform(feature_group(offline=None))
    with pytest.raises(ValidationError, match="has no OfflineStore; it has OnlineStore"):
        platform.put(T1, targets={OFFLINE})


def test_a_soft_delete_hides_the_record_and_marks_it_offline(platform):
    platform.put(T1, city="x")
    platform.delete(T2)
    assert platform.online() is None
    assert platform.offline() == [(T1, "x", False), (T2, None, True)]


@pytest.mark.parametrize("event_time", [T1, T2])
def test_a_soft_delete_that_is_not_later_only_marks_offline(platform, event_time):
    platform.put(T2, city="x")
    platform.delete(event_time)
    assert platform.online()["city"] == "x"
    assert platform.offline() == [(T2, "x", False), (event_time, None, True)]


def test_after_a_soft_delete_an_older_record_stays_invisible_and_a_newer_revives(platform):
    platform.put(T1, city="x")
    platform.delete(T2)
    platform.put(T1, city="late")
    assert platform.online() is None
    platform.put(T3, city="back")
    assert platform.online()["city"] == "back"


def test_a_hard_delete_makes_room_for_an_older_record(platform):
    platform.put(T2, city="x")
    platform.delete(T3, hard=True)
    assert platform.online() is None
    platform.put(T1, city="older")
    assert platform.online()["city"] == "older"


def test_a_hard_delete_that_is_not_later_is_refused_and_writes_nothing(platform):
    platform.put(T2, city="x")
    with pytest.raises(ValidationError, match=f"EventTime: {T2} is not later"):
        platform.delete(T2, hard=True)
    assert platform.online()["city"] == "x"
    assert platform.offline() == [(T2, "x", False)]


def test_deleting_an_unknown_record_is_no_error(platform):
    platform.delete(T1)
    platform.delete(T1, hard=True, targets={OFFLINE})
    assert platform.online() is None


def test_a_record_expires_at_its_event_time_plus_ttl(platform):
    platform.put("2024-01-06T00:00:00Z", ttl=TtlDuration("Hours", 1), city="x")
    platform.now = 1_704_502_800 * 10**9 - 5000
    assert platform.online()["city"] == "x"
    platform.now = 1_704_502_800 * 10**9
    assert platform.online() is None


def test_a_record_born_expired_is_accepted_kept_offline_and_never_served(platform):
    platform.put(T1, ttl=TtlDuration("Seconds", 1), city="x")
    assert platform.online() is None
    assert platform.offline() == [(T1, "x", False)]


def test_the_groups_ttl_is_the_default_and_the_records_own_wins():
    platform = Platform(feature_group(online=OnlineStore(ttl=TtlDuration("Weeks", 1))))
    platform.put(T1, city="x")
    assert platform.reader.get("customers", "c1", None).expires_at == "2024-01-08T00:00:00Z"
    platform.put(T1, ttl=TtlDuration("Weeks", 2), city="x")
    assert platform.reader.get("customers", "c1", None).expires_at == "2024-01-15T00:00:00Z"


def test_a_ttl_without_an_online_store_is_refused():
    platform = Platform(feature_group(online=None))
    with pytest.raises(ValidationError, match="TtlDuration"):
        platform.put(T1, ttl=TtlDuration("Weeks", 2))


def test_integral_identifiers_are_one_record_whatever_their_spelling():
    features = (FeatureDefinition("customer_id", FeatureType.INTEGRAL), *FEATURES[1:])
    platform = Platform(feature_group(features=features))
    record = [("customer_id", "+007"), ("event_time", T1)]
    platform.writer.put(PutRecord("customers", record))
    found = platform.reader.get("customers", "7", None)
    assert dict(found.values) == {"customer_id": "+007", "event_time": T1}


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({"nope": "1"}, "'nope' is not defined in FeatureGroup customers"),
        ({"clicks": "abc"}, "'clicks' is Integral: 'abc'"),
        ({"clicks": "1.0"}, "'clicks' is Integral"),
        ({"clicks": str(2**63)}, "'clicks' is Integral"),
        ({"score": "NaN"}, "'score' is Fractional"),
        ({"score": "1e999"}, "'score' is Fractional"),
        ({"city": ["a"]}, "'city' is a scalar String"),
        ({"city": "x" * 358_400}, "350 KB"),
        ({"city": '"' * 300_000}, "escaped"),
        ({"city": "\ud800"}, "not valid Unicode"),
        ({"customer_id": "again"}, "'customer_id' occurs more than once"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(platform, features, words):
    record = [("customer_id", "c1"), ("event_time", T1), *features.items()]
    with pytest.raises(ValidationError, match=words):
        platform.writer.put(PutRecord("customers", record))
    assert platform.offline() == []


@pytest.mark.parametrize("missing", ["customer_id", "event_time"])
def test_a_record_without_identifier_or_event_time_is_refused(platform, missing):
    record = [each for each in [("customer_id", "c1"), ("event_time", T1)] if each[0] != missing]
    with pytest.raises(ValidationError, match=f"lacks its .*'{missing}'"):
        platform.writer.put(PutRecord("customers", record))


@pytest.mark.parametrize("identifier", ["", "x" * 2049, "é" * 1025])
def test_an_identifier_must_have_1_to_2048_bytes(platform, identifier):
    with pytest.raises(ValidationError, match="1 to 2048"):
        platform.reader.get("customers", identifier, None)


def test_a_record_of_350_kilobytes_is_taken(platform):
    platform.put(T1, city="x" * (350 * 1024 - 100))
    assert len(platform.online()["city"]) == 350 * 1024 - 100


def test_a_feature_added_a_moment_ago_is_known_at_once():
    platform = Platform()
    platform.groups = platform.writer.groups = group_settings(feature_group(), lifetime=60)
    platform.reader.groups = platform.groups
    platform.put(T1)
    added = (*FEATURES, FeatureDefinition("new", FeatureType.STRING))
    platform.groups.registry.by_name["customers"] = feature_group(features=added)
    platform.put(T2, new="n")
    assert dict(platform.reader.get("customers", "c1", ["new"]).values) == {"new": "n"}


def test_a_record_from_before_an_addition_reads_as_without_it():
    platform = Platform()
    platform.put(T1, city="x")
    added = (*FEATURES, FeatureDefinition("new", FeatureType.STRING))
    platform.groups.registry.by_name["customers"] = feature_group(features=added)
    assert dict(platform.reader.get("customers", "c1", ["new", "city"]).values) == {"city": "x"}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (FeatureGroupStatus.DELETING, ResourceNotFound),
        (FeatureGroupStatus.CREATING, ValidationError),
        (FeatureGroupStatus.CREATE_FAILED, ValidationError),
    ],
)
def test_a_group_that_is_not_ready_takes_no_records(status, error):
    platform = Platform(feature_group(status=status))
    with pytest.raises(error, match="FeatureGroup"):
        platform.put(T1)


def test_a_group_is_known_by_its_arn_and_not_by_one_of_elsewhere(platform):
    platform.put(T1, group=HOME.arn("customers"), city="x")
    assert platform.online()["city"] == "x"
    with pytest.raises(ValidationError, match="not of account 123456789012 in us-east-1"):
        platform.put(T2, group=HOME.arn("customers").replace("us-east-1", "eu-west-1"))


def entry(event_time, identifier="c1", **features):
    return [("customer_id", identifier), ("event_time", event_time), *features.items()]


def put_many(platform, *entries, targets=None):
    return platform.writer.put_many(entries, lambda record: PutRecord("customers", record, targets))


def city(platform, identifier):
    return dict(platform.reader.get("customers", identifier, None).values)["city"]


def test_many_records_are_each_accepted_by_the_rules_of_one(platform):
    platform.put(T2, city="Oslo")
    outcome = put_many(platform, entry(T1, city="late"), entry(T2, "c2", city="Bergen"))
    assert outcome.all_accepted
    assert (platform.online()["city"], city(platform, "c2")) == ("Oslo", "Bergen")
    assert [row[1] for row in platform.offline()] == ["Oslo", "late", "Bergen"]


@pytest.mark.parametrize("times", [(T1, T1, T1), (T1, T2, T3), (T3, T2, T1)])
def test_entries_of_one_record_are_accepted_in_their_order(platform, times):
    entries = [entry(time, city=str(number)) for number, time in enumerate(times)]
    assert put_many(platform, *entries).all_accepted
    newest = max(range(3), key=lambda number: (times[number], number))
    assert platform.online()["city"] == str(newest)
    assert sorted(row[1] for row in platform.offline()) == ["0", "1", "2"]


def test_corrections_win_although_the_clock_stands_still(platform):
    platform.clock = lambda: platform.now
    platform.writer.clock = platform.clock
    platform.put(T1, city="first")
    assert put_many(platform, entry(T1, city="second"), entry(T1, city="third")).all_accepted
    assert platform.online()["city"] == "third"
    times = [version.write_time for _, version in platform.store.accepted]
    assert len(set(times)) == 3


def test_offline_only_entries_are_not_served(platform):
    assert put_many(platform, entry(T1), entry(T2, "c2"), targets=frozenset({OFFLINE})).all_accepted
    assert (platform.online(), len(platform.store.logged)) == (None, 2)


def test_each_refusal_is_named_by_its_place(platform):
    class Throttling(MemoryRecordStore):
        def put(self, slot, version, *, now_nanos):
            if slot.identifier == "c3":
                raise ThrottlingException("slower")
            return super().put(slot, version, now_nanos=now_nanos)

    platform.writer.store = Throttling()
    outcome = put_many(
        platform, entry(T1), entry("no time", "c2"), entry(T1, "c3"), entry(T1, "c4")
    )
    assert [place for place, _ in outcome.errors] == [1]
    assert outcome.unprocessed == [2]
    assert {slot.identifier for slot in platform.writer.store.records} == {"c1", "c4"}


def test_a_record_that_others_keep_correcting_is_unprocessed(platform):
    class Racing(MemoryRecordStore):
        def put(self, slot, version, *, now_nanos):
            ahead = replace(version, write_time=version.write_time + 5)
            return (
                ahead
                if slot.identifier == "c1"
                else super().put(slot, version, now_nanos=now_nanos)
            )

    platform.writer.store = Racing()
    assert put_many(platform, entry(T1), entry(T1, "c2")).unprocessed == [0]


def test_any_number_of_entries_is_taken_as_they_come(platform):
    ahead = []

    class Watched(MemoryRecordStore):
        def put_all(self, writes, *, now_nanos):
            ahead.append(taken[-1] + 1 - len(self.records))
            return super().put_all(writes, now_nanos=now_nanos)

    platform.writer.store, taken = Watched(), []

    def entries():
        for number in range(250):
            taken.append(number)
            yield entry(T1, f"c{number}")

    outcome = platform.writer.put_many(entries(), lambda each: PutRecord("customers", each))
    assert outcome.all_accepted
    assert len(platform.writer.store.records) == 250
    assert max(ahead) <= 100  # memory is bounded
