"""The checker of InMemory histories finds what it should, planted bugs included."""

import time
from contextlib import ExitStack

from larder.memory.tier import MemoryTier
from tests.faults.memory_history import History, Read, Write
from tests.faults.memory_load import KEYS, Load
from tests.faults.memory_platform import Platform
from tests.support.deadlines import eventually
from tests.support.valkey_servers import fault_proxy, valkey_server


def history(*reads):
    made = History()
    made.writes = [
        Write("k", (1, True, 1), "old", 0.0, 1.0),
        Write("k", (2, True, 1), "new", 2.0, 3.0),
        Write("other", (1, True, 1), "else", 0.0, 1.0),
    ]
    made.reads = list(reads)
    return made.findings()


def test_an_up_to_date_read_breaks_nothing():
    found = history(Read("k", "old", 2.5, 2.6), Read("k", "new", 2.5, 2.6), Read("x", None, 9, 9))
    assert (found.unacknowledged, found.staleness, found.operations) == ([], [], 6)


def test_a_read_of_less_than_was_acknowledged_before_it_is_stale():
    found = history(Read("k", "old", 3.5, 3.6))
    assert found.staleness == [(3.5, 0.5)]
    assert found.stalest() == 0.5
    assert found.stalest(since=4) == 0


def test_values_that_nobody_wrote_there_and_lost_records_are_found():
    reads = [Read("k", "never", 4, 5), Read("k", "else", 4, 5), Read("k", None, 4, 5)]
    assert history(*reads).unacknowledged == reads


class Forgetful(MemoryTier):
    """A tier that trusts whatever it finds: no dirty records, no fence."""

    def _raise_fence(self):
        pass

    def _mark_dirty(self, slot, version):
        pass


def test_a_tier_without_its_safeguards_and_without_a_projector_is_found_out(monkeypatch):
    monkeypatch.setattr("tests.faults.memory_platform.MemoryTier", Forgetful)
    with ExitStack() as stack:
        server = stack.enter_context(valkey_server())
        proxy = stack.enter_context(fault_proxy(server))
        platform = Platform(proxy.port, doors=2)
        stack.callback(platform.close)
        load = stack.enter_context(Load(platform))
        writes = load.history.writes
        eventually(lambda: len(writes) > 2 * KEYS)  # each key has an entry, as good as surely
        proxy.refuse()
        lost = len(writes)
        eventually(lambda: len(writes) > lost + 2 * KEYS)
        proxy.accept()
        recovered = time.perf_counter()
        eventually(lambda: load.history.findings().stalest(since=recovered) > 0.1)
