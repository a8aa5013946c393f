"""Versions into the online store: at a rate, by many threads, through a store short of breath."""

import pytest

from larder.errors import ThrottlingException
from larder.ingestion.load import OnlineLoader, Pace, batched
from larder.progress import silent
from larder.records.record import Slot
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

    def put(self, slot, version, *, now_nanos):
        self.asked[slot] = self.asked.get(slot, 0) + 1
        if self.asked[slot] <= self.times:
            raise ThrottlingException("slow down")
        return super().put(slot, version, now_nanos=now_nanos)


def load(store, each, **options):
    told = []
    loader = OnlineLoader(store, **{"writes_per_second": 1e9} | options)
    counts = loader.load(batched(each), total=0, done=told.append, report=silent)
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
