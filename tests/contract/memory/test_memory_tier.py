"""What the in-memory tier vouches for, on a real Valkey."""

import time
from contextlib import closing
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from larder.memory.breaker import Breaker
from larder.memory.entry import entry_parts, memory_key, rank
from larder.memory.tier import MemoryTier
from larder.records.record import State
from larder.valkey import NoReply, Valkey, ValkeyEndpoint
from tests.support.examples import examples
from tests.support.memory import OTHER, SLOT, patient, version
from tests.support.valkey_servers import fault_proxy, valkey_server


@pytest.fixture(scope="module")
def server():
    with valkey_server() as running:
        yield running


@pytest.fixture
def proxy(server):
    server.command("FLUSHALL")
    with fault_proxy(server) as between:
        yield between


@pytest.fixture
def valkey(server):
    server.command("FLUSHALL")
    with closing(Valkey(server.endpoint)) as client:
        yield client


@pytest.fixture
def tier(valkey):
    return patient(valkey)


def lives_for(server, slot):
    return server.command("PTTL", memory_key(slot))


def test_what_was_accepted_is_vouched_for(tier):
    tier.accept(SLOT, version(5, life=3, offline=False))
    assert tier.get([SLOT, OTHER]) == {SLOT: version(5, life=3, offline=False)}


def test_after_a_restore_no_greater_entry_of_the_old_table_is_read_or_in_the_way(valkey, tier):
    """A restored record is older than what the damaged table had; the old entry would stay."""
    tier.accept(SLOT, version(9, 99))
    after = patient(valkey, epoch="1f2e3d4c.")
    assert after.get([SLOT]) == {}
    assert after.fill({SLOT: version(5)}, began_ms=after.now_ms())
    assert after.get([SLOT]) == {SLOT: version(5)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (version(6), version(5, 99)),
        (version(6, 2), version(6, 1)),
        (version(6, 1), version(6, 9, State.SOFT_DELETED)),
        (version(2, life=1), version(9)),
        (version(7, state=State.HARD_DELETED, life=1), version(9)),
    ],
)
def test_a_lesser_version_never_takes_the_place_of_a_greater_one(tier, first, second):
    tier.accept(SLOT, first)
    tier.accept(SLOT, second)
    assert tier.get([SLOT]) == {SLOT: first}


def test_after_a_hard_delete_any_event_time_of_the_next_life_is_taken(tier):
    tier.accept(SLOT, version(6))
    tier.accept(SLOT, version(7, state=State.HARD_DELETED, life=1))
    tier.accept(SLOT, version(2, life=1))
    assert tier.get([SLOT]) == {SLOT: version(2, life=1)}


ranks = st.builds(
    version,
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(State),
    life=st.integers(0, 1),
)


@examples(0.6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ranks, min_size=1, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_in_whatever_order_writes_and_repairs_come_the_greatest_stands(server, valkey, given, ways):
    server.command("FLUSHALL")
    tier = patient(valkey)
    for each, through in zip(given, ways, strict=False):
        if through:
            tier.accept(SLOT, each)
        else:
            assert tier.repair([(memory_key(SLOT), each)], seconds=5) == [True]
    (found,) = tier.get([SLOT]).values()
    assert rank(found) == max(rank(each) for each in given)


def test_every_entry_ends_within_five_minutes(server, tier):
    tier.accept(SLOT, version(5))
    assert 239_000 < lives_for(server, SLOT) <= 300_000


def test_an_entry_ends_with_its_record(server, tier):
    tier.accept(SLOT, version(5, expires_at=time.time_ns() + 20 * 10**9))
    assert lives_for(server, SLOT) <= 20_000


def test_an_expired_version_replaces_the_entry_and_is_not_vouched_for(tier):
    tier.accept(SLOT, version(5))
    tier.accept(SLOT, version(6, expires_at=time.time_ns() - 1))
    assert tier.get([SLOT]) == {}


def test_a_write_after_its_deadline_changes_nothing(valkey, tier):
    tier.fill({SLOT: version(5)}, began_ms=tier.now_ms() - 1_100)
    assert tier.get([SLOT]) == {}
    assert tier.counts.late == 1


def test_a_repair_where_nothing_is_stands_for_a_moment_only(server, tier):
    tier.repair([(memory_key(SLOT), version(6))], seconds=5)
    assert 0 < lives_for(server, SLOT) <= 2_000
    tier.fill({SLOT: version(5)}, began_ms=tier.now_ms())
    assert tier.get([SLOT]) == {SLOT: version(6)}


def test_a_repair_of_a_lesser_entry_has_its_full_life(server, tier):
    tier.accept(SLOT, version(5))
    tier.repair([(memory_key(SLOT), version(6))], seconds=5)
    assert lives_for(server, SLOT) > 200_000


def test_an_entry_that_a_full_valkey_will_not_replace_is_deleted(server, tier):
    """Otherwise other processes would read it, older than what was acknowledged."""
    tier.accept(SLOT, version(5))
    tier.accept(OTHER, version(5))
    server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.command("CONFIG", "SET", "maxmemory", 1)
    try:
        tier.accept(SLOT, version(6))
        assert tier.repair([(memory_key(OTHER), version(6))], seconds=5) == [True]
    finally:
        server.command("CONFIG", "SET", "maxmemory", 0)
    assert tier.get([SLOT, OTHER]) == {}


def test_foreign_bytes_are_no_answer(server, tier):
    server.command("SET", memory_key(SLOT), "rubbish")
    assert tier.get([SLOT]) == {}
    tier.accept(SLOT, version(5))
    assert tier.get([SLOT]) == {SLOT: version(5)}


def test_a_write_that_did_not_arrive_is_missed_here_until_something_as_new_stands_there(proxy):
    """Reads of the older entry would go back behind the caller's own write."""
    with closing(Valkey(endpoint(proxy))) as valkey:
        tier = patient(valkey, write_seconds=0.05, breaker=Breaker(failures=99))
        tier.accept(SLOT, version(5))
        proxy.stall()
        tier.accept(SLOT, version(6))
        tier.get([OTHER])
        proxy.reset()
        proxy.resume()
        older = patient(valkey)
        assert older.get([SLOT]) == {SLOT: version(5)}
        assert tier.get([SLOT]) == {}
        older.accept(SLOT, version(6, 2))
        tier._fence_ms = 0  # the reset alone would be reason enough
        assert tier.get([SLOT]) == {SLOT: version(6, 2)}


def test_what_stood_before_a_lost_connection_is_not_vouched_for(proxy):
    """A failover may have forgotten the last writes."""
    clock = Clock()
    with closing(Valkey(endpoint(proxy))) as valkey:
        tier = patient(valkey, clock=clock)
        tier.accept(SLOT, version(5))
        proxy.reset()
        assert tier.get([OTHER]) == {}
        assert tier.get([SLOT]) == {}
        clock.ahead = 2 * 10**9
        other = patient(valkey, clock=clock)
        assert other.get([SLOT]) == {SLOT: version(5)}


def test_while_the_breaker_is_open_nothing_is_asked_and_writes_are_remembered(proxy):
    with closing(Valkey(endpoint(proxy))) as valkey:
        tier = MemoryTier(valkey, breaker=Breaker(failures=1, pause=999))
        proxy.refuse()
        assert tier.get([SLOT]) == {}
        asked = proxy.connections
        proxy.accept()
        assert tier.get([SLOT]) == {}
        tier.accept(SLOT, version(5))
        assert proxy.connections == asked
        assert tier.counts.kept_back == 1


class Clock:
    ahead = 0

    def __call__(self):
        return time.time_ns() + self.ahead


def endpoint(proxy):
    return ValkeyEndpoint.at(proxy.address, tls=False)


def test_an_equal_order_confirms_an_entry(valkey, tier):
    tier.accept(SLOT, version(5))
    before = valkey.get([memory_key(SLOT)], seconds=5)[0]
    tier.fill({SLOT: version(5)}, began_ms=tier.now_ms())
    after = valkey.get([memory_key(SLOT)], seconds=5)[0]
    order, rest = entry_parts(version(5))
    assert before.startswith(order)
    assert after.startswith(order)
    assert after.endswith(rest)
    assert after[len(order) : len(order) + 8] >= before[len(order) : len(order) + 8]


def test_an_accepted_write_without_an_answer_is_sent_once_more(valkey, monkeypatch):
    """In a process of busy threads the first try may run out of time before it is sent."""
    original, tries = valkey.run, []

    def first_is_lost(script, calls, *, seconds):
        tries.append(seconds)
        if len(tries) == 1:
            return [NoReply("timeout")] * len(calls)
        return original(script, calls, seconds=seconds)

    monkeypatch.setattr(valkey, "run", first_is_lost)
    MemoryTier(valkey, write_seconds=0.02, patient_seconds=5).accept(SLOT, version(5))
    assert tries == [0.02, 5]
    assert patient(valkey).get([SLOT]) == {SLOT: version(5)}


def test_r8_writes_of_a_process_with_busy_threads_are_read_by_others(server, valkey):
    done = Event()

    def busy():
        while not done.is_set():
            sum(range(2000))

    threads = [Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with closing(Valkey(server.endpoint)) as mine:
            tier, others, missed = MemoryTier(mine, patient_seconds=5), patient(valkey), []
            for moment in range(1, 60):
                tier.get([SLOT])
                tier.accept(SLOT, version(moment))
                if others.get([SLOT]) != {SLOT: version(moment)}:
                    missed.append(moment)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert missed == []
