"""The record store with the in-memory tier before it, on a real Valkey: which store is asked."""

from contextlib import closing

import pytest

from larder.errors import ThrottlingException
from larder.records.ports import Consistency, Reads
from larder.records.record import State
from larder.testing.records import MemoryRecordStore
from larder.valkey import Valkey
from tests.faults.memory_platform import Truth
from tests.support.memory import OTHER, SLOT, STANDARD, patient, version
from tests.support.stores import Tiered
from tests.support.valkey_servers import valkey_server


@pytest.fixture(scope="module")
def server():
    with valkey_server() as running:
        yield running


@pytest.fixture
def tier(server):
    server.command("FLUSHALL")
    with closing(Valkey(server.endpoint)) as client:
        yield patient(client)


class Durable(MemoryRecordStore):
    """DynamoDB, whose reads are counted."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def get(self, slots, *, consistency=Consistency.DEFAULT):
        self.asked.append(list(slots))
        return super().get(slots, consistency=consistency)


@pytest.fixture
def tiered(tier):
    durable = Durable()
    for slot in (SLOT, OTHER, STANDARD):
        durable.put(slot, version(5), now_nanos=0)
    return Tiered(durable, tier), durable


def test_a_miss_is_read_from_dynamodb_and_filled(tiered):
    store, durable = tiered
    assert store.get([SLOT]).found == {SLOT: version(5)}
    assert store.get([SLOT]).found == {SLOT: version(5)}
    assert durable.asked == [[SLOT]]


def test_a_mixed_batch_asks_each_store_once(tiered):
    store, durable = tiered
    store.get([SLOT])
    reads = store.get([SLOT, STANDARD, OTHER])
    assert set(reads.found) == {SLOT, STANDARD, OTHER}
    assert durable.asked[1:] == [[STANDARD, OTHER]]


@pytest.mark.parametrize("consistency", [Consistency.STRONG, Consistency.EVENTUAL])
def test_a_reader_may_ask_for_dynamodb(tiered, consistency):
    store, durable = tiered
    store.get([SLOT])
    store.get([SLOT], consistency=consistency)
    assert durable.asked == [[SLOT], [SLOT]]


def test_other_tiers_are_not_in_memory(tiered, tier):
    store, _ = tiered
    store.get([STANDARD])
    assert tier.counts.hits == tier.counts.misses == 0


def test_where_dynamodb_refuses_what_the_tier_has_is_given_and_the_rest_named(tiered, monkeypatch):
    store, durable = tiered
    store.get([SLOT])

    def refuse(*_arguments, **_named):
        raise ThrottlingException("no")

    monkeypatch.setattr(durable, "get", refuse, raising=False)
    assert store.get([SLOT, OTHER]) == Reads({SLOT: version(5)}, frozenset([OTHER]))
    with pytest.raises(ThrottlingException):
        store.get([OTHER])


def test_a_write_through_the_truth_reaches_the_tier(tier):
    truth = Truth()
    store = Tiered(truth.door(tier.accept), tier)
    store.put(SLOT, version(6), now_nanos=0)
    assert tier.get([SLOT]) == {SLOT: version(6)}
    store.hard_delete(SLOT, version(7, state=State.HARD_DELETED), now_nanos=0)
    assert tier.get([SLOT])[SLOT].life == 1
    store.put(SLOT, version(1), now_nanos=0)
    assert tier.get([SLOT]) == {SLOT: version(1, life=1)}
