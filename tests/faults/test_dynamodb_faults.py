"""Reading records from a DynamoDB that throttles, fails, hangs up and falls silent."""

import pytest

from larder.errors import ServiceUnavailable, ThrottlingException
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.codec import unpack
from larder.records.record import Slot
from tests.faults.dynamodb_server import DynamoServer, Fault, mixed
from tests.support.clocks import SleepingClock, seeded_retries
from tests.support.wire import wire_client

CUSTOMERS = [Slot("uid1", 64, f"c{n}") for n in range(100)]
ONE = CUSTOMERS[:1]


class Reader:
    """A record store on a faulty server, and the time its pauses took."""

    def __init__(self, server, url, seed=1, **options):
        self.server, self.clock = server, SleepingClock()
        retries = seeded_retries(seed, self.clock)
        dynamodb, self.close = wire_client(url, retries, **options)
        self.store = DynamoRecordStore(dynamodb, "records", retries=retries)

    def get(self, slots):
        reads = self.store.get(slots)
        assert all(
            unpack(version.packed)[0] == slot.identifier for slot, version in reads.found.items()
        )
        return reads


@pytest.fixture
def reader():
    """Makes a reader of a server with a plan."""
    opened = []

    def make(plan, *, hot=None, **options):
        server = DynamoServer(plan, seed=7, hot=hot)
        serving = server.serving()
        made = Reader(server, serving.__enter__(), **options)
        opened.append((made, serving))
        return made

    yield make
    for made, serving in opened:
        made.close()
        serving.__exit__(None, None, None)


def in_order(*faults):
    """A plan of these, then of none."""
    return lambda number: faults[number] if number < len(faults) else Fault.NONE


def read_under_throttling(reader, calls):
    """Row 6 of the reliability plan; returns the calls' time and the keys sent for each asked."""
    plan = mixed(3, THROTTLED=0.20, UNPROCESSED=0.30, FAILED=0.05)
    faulty = reader(plan, hot="c13")
    longest = 0.0
    for _ in range(calls):
        start = faulty.clock.now
        reads = faulty.get(CUSTOMERS)
        longest = max(longest, faulty.clock.now - start)
        assert reads.unprocessed == {CUSTOMERS[13]}
        assert len(reads.found) == 99
    amplification = faulty.server.keys_asked / (calls * 100)
    faults = {fault.name: count for fault, count in faulty.server.faults.items()}
    print(f"calls {calls}, faults {faults}, violations 0, amplification {amplification:.2f}")
    return longest, amplification


def test_under_throttling_all_but_the_hot_key_is_read_in_time_at_a_bounded_cost(reader):
    longest, amplification = read_under_throttling(reader, 200)
    assert longest <= 2.0
    assert amplification <= 1.5


@pytest.mark.soak
def test_under_throttling_for_long(reader):
    longest, amplification = read_under_throttling(reader, 2000)
    assert longest <= 2.0
    assert amplification <= 1.5


def test_a_store_that_refuses_everything_is_asked_no_more_than_half_as_often_again(reader):
    faulty = reader(lambda _: Fault.THROTTLED)
    for _ in range(300):
        with pytest.raises(ThrottlingException):
            faulty.get(CUSTOMERS)
    savings = 5000
    assert faulty.server.keys_asked <= 300 * 100 * 1.5 + savings


def test_pauses_are_spread_over_the_whole_of_a_growing_interval(reader):
    faulty = reader(lambda _: Fault.THROTTLED)
    for _ in range(30):
        with pytest.raises(ThrottlingException):
            faulty.get(ONE)
    firsts = [pause for pause in faulty.clock.sleeps if pause <= 0.025]
    assert min(firsts) < 0.005
    assert max(firsts) > 0.02
    assert 0.35 < max(faulty.clock.sleeps) <= 0.4


def test_another_seed_gives_other_pauses(reader):
    taken = []
    for seed in (1, 1, 2):
        faulty = reader(in_order(Fault.THROTTLED, Fault.FAILED), seed=seed)
        faulty.get(ONE)
        taken.append(faulty.clock.sleeps)
    assert taken[0] == taken[1] != taken[2]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.THROTTLED,
        Fault.FAILED,
        Fault.RESET,
        Fault.CUT,
        Fault.DAMAGED,
        Fault.SILENT,
        Fault.DRIPPING,
    ],
    ids=lambda fault: fault.name,
)
@pytest.mark.parametrize("slots", [ONE, CUSTOMERS], ids=["one", "batch"])
def test_a_fault_that_passes_is_not_seen(reader, fault, slots):
    faulty = reader(in_order(Fault.NONE, fault, fault), read_seconds=0.2)
    faulty.get(slots)
    reads = faulty.get(slots)
    assert (len(reads.found), len(reads.unprocessed)) == (len(slots), 0)
    assert faulty.server.requests == 4


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT, Fault.DAMAGED, Fault.FAILED])
def test_a_fault_that_stays_is_unavailability_and_never_a_missing_record(reader, fault):
    faulty = reader(lambda _: fault)
    with pytest.raises(ServiceUnavailable):
        faulty.get(ONE)
    assert faulty.clock.now <= 3.0
    with pytest.raises(ServiceUnavailable):
        faulty.get(CUSTOMERS)


def test_what_was_read_before_the_store_failed_is_given_and_the_rest_named(reader):
    def plan(number):
        return Fault.UNPROCESSED if number == 0 else Fault.THROTTLED

    reads = reader(plan).get(CUSTOMERS)
    assert 50 < len(reads.found) < 100
    assert len(reads.found) + len(reads.unprocessed) == 100


def test_a_connection_that_the_server_closed_while_idle_costs_no_pause(reader):
    faulty = reader(lambda _: Fault.CLOSED_AFTER)
    for _ in range(5):
        assert len(faulty.get(ONE).found) == 1
    assert faulty.clock.sleeps == []
    assert faulty.server.requests == 5


def test_one_connection_serves_all_requests_of_a_thread(reader):
    healthy = reader(lambda _: Fault.NONE)
    for _ in range(20):
        healthy.get(ONE)
    assert healthy.server.connections == 1


def test_a_silent_server_is_given_up_in_time(reader):
    faulty = reader(lambda _: Fault.SILENT, read_seconds=0.05)
    with pytest.raises(ServiceUnavailable):
        faulty.get(ONE)


@pytest.mark.parametrize("seed", range(3))
def test_no_mixture_of_faults_gives_a_wrong_or_a_missing_record(reader, seed):
    shares = dict.fromkeys(("THROTTLED", "FAILED", "UNPROCESSED", "RESET", "CUT"), 0.05)
    plan = mixed(seed, DAMAGED=0.05, CLOSED_AFTER=0.1, SILENT=0.01, **shares)
    faulty = reader(plan, seed=seed, read_seconds=0.1)
    for _ in range(100):
        assert len(faulty.get(CUSTOMERS).found) == 100
        assert len(faulty.get(ONE).found) == 1
