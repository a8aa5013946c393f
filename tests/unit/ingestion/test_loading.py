"""Versions into the online store: at a rate, by many threads, through a store short of breath."""

import time
from dataclasses import replace

import pytest

from larder.errors import ResourceNotFound, ThrottlingException, ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.ingestion.load import OnlineLoader, Pace, Rows, batched
from larder.progress import silent
from larder.records.record import Slot, State
from larder.testing.records import MemoryRecordStore
from tests.support.clocks import SleepingClock
from tests.support.offline import WRITTEN, offline_group, version

GROUP = offline_group()


def versions(count, day="2024-01-31"):
    for n in range(count):
        values = {"customer_id": f"c{n}", "event_time": f"{day}T12:00:00Z"}
        slot = Slot(GROUP.uid, GROUP.shards, f"c{n}")
        yield slot, version(GROUP, values, write_time=WRITTEN + n)


class Refusing(MemoryRecordStore):
    """Refuses the first writes of each record."""

    def __init__(self, times):
        super().__init__()
        self.times, self.asked = times, {}

    def load(self, slot, version, *, now_nanos):
        self.asked[slot] = self.asked.get(slot, 0) + 1
        if self.asked[slot] <= self.times:
            raise ThrottlingException("slow down")
        return super().load(slot, version, now_nanos=now_nanos)


def load(store, each, read_at=None, **options):
    told = []
    current = options.pop("current", lambda _name: GROUP)
    loader = OnlineLoader(store, current, **{"writes_per_second": 1e9} | options)
    rows = Rows(GROUP, batched(each), total=0, read_at=read_at or time.time_ns())
    counts = loader.load(rows, done=told.append, report=silent)
    return counts, told


def test_all_are_offered_and_the_batches_told():
    store = MemoryRecordStore()
    counts, told = load(store, versions(4000))
    assert counts == (4000, 0)
    assert [len(each.batch) for each in told] == [3200, 800]
    assert len(store.records) == 4000


def test_what_is_stored_or_newer_is_not_written_again():
    store = MemoryRecordStore()
    load(store, versions(10, day="2024-02-01"))
    counts, (told,) = load(store, versions(20))
    assert counts == (10, 10)
    assert told.stored == [False] * 10 + [True] * 10


@pytest.mark.parametrize(
    ("online", "history"),
    [
        ({"score": "0.50"}, {"score": "0.5"}),
        ({"score": "5e-1", "clicks": "007"}, {"score": "0.5", "clicks": "7"}),
        ({"taste": ["1.0", "2"]}, {"taste": ["1.0", "2.0"]}),
    ],
)
def test_r9_a_record_that_is_equal_by_type_counts_as_stored(online, history):
    taste = FeatureDefinition("taste", FeatureType.FRACTIONAL, CollectionType.LIST)
    group = offline_group(features=(*GROUP.features, taste))
    keys = {"customer_id": "c1", "event_time": "2024-01-31T12:00:00Z"}
    slot = Slot(group.uid, group.shards, "c1")
    store, stored = MemoryRecordStore(), version(group, keys | online)
    store.put(slot, stored, now_nanos=WRITTEN * 1000)
    loader = OnlineLoader(store, lambda _name: group, writes_per_second=1e9)
    for change, counts in ({}, (1, 0)), ({"score": "0.25"}, (0, 1)):
        same = [(slot, version(group, keys | history | change))]
        rows = Rows(group, [same], 1, time.time_ns())
        assert loader.load(rows, done=lambda _offered: None, report=silent) == counts
    assert store.records[slot] == stored


def test_a_deletion_since_the_rows_were_read_counts_as_newer():
    store = MemoryRecordStore()
    each = list(versions(3))
    for slot, live in each[:2]:
        store.put(slot, live, now_nanos=WRITTEN * 1000)
        marker = replace(live, state=State.HARD_DELETED, event_key=live.event_key + 1)
        marker = replace(marker, write_time=WRITTEN + 100)
        assert store.hard_delete(slot, marker, now_nanos=WRITTEN * 1000) is None
    counts, (told,) = load(store, each)
    assert counts == (1, 2)
    assert told.stored == [False, False, True]
    assert all(store.records[slot].state is State.HARD_DELETED for slot, _ in each[:2])


@pytest.mark.parametrize(("days", "refused"), [(6.9, False), (7.1, True)])
def test_rows_that_were_read_before_deletions_are_known_are_refused(days, refused):
    store, read_at = MemoryRecordStore(), time.time_ns() - int(days * 86_400e9)
    if not refused:
        assert load(store, versions(3), read_at)[0] == (3, 0)
        return
    with pytest.raises(ValidationError, match=r"7\.1 days ago.* run larder materialize"):
        load(store, versions(3), read_at)
    assert store.records == {}


def test_nothing_is_loaded_into_a_group_that_was_deleted_meanwhile():
    store = MemoryRecordStore()
    with pytest.raises(ResourceNotFound, match="deleted and created again"):
        load(store, versions(3), current=lambda _name: replace(GROUP, uid="another"))
    assert store.records == {}


def test_refusals_are_followed():
    clock = SleepingClock()
    counts, _ = load(Refusing(3), versions(50), threads=1, clock=clock, sleep=clock.sleep)
    assert counts == (50, 0)


def test_patience_ends():
    clock = SleepingClock()
    with pytest.raises(ThrottlingException):
        load(Refusing(10**9), versions(1), threads=1, clock=clock, sleep=clock.sleep)
    assert 200 < clock.now < 400


def test_the_pace_is_kept_halved_and_risen():
    clock = SleepingClock()
    pace = Pace(100.0, clock, clock.sleep)
    start = clock.now
    for _ in range(101):
        pace.take()
    assert clock.now - start == pytest.approx(1.0)
    pace.slow_down()
    assert pace.rate == 50.0
    for _ in range(2000):
        pace.take()
    assert pace.rate == 100.0
