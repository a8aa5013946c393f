"""The watermark is never ahead of what is visible, whatever is killed and however shards split."""

import random

import pytest

from lambdas.offline_writer.events import create_consumer
from larder.errors import ServiceUnavailable
from larder.event_time import nanos_to_iso
from larder.heartbeat import FRESH_MICROS, MARGIN_MICROS, Beats, Heartbeat, Round
from larder.heartbeats import Heartbeats, look
from larder.offline_table import Appended
from larder.offline_writing import OfflineWriter
from tests.faults.writer_process import NoQuarantine, OneGroup
from tests.offline import WRITTEN, offline_group, seconds, stream_record, version
from tests.sharded_stream import Beating, ShardedStream, random_batch

SECOND = 1_000_000
GROUP = offline_group()


class Killed(BaseException):
    """Ends the writer at once."""


class Tables:
    """Rows by key; dies before or after taking some, or fails, as ``rng`` says."""

    def __init__(self, rng):
        self.rng = rng
        self.write_times = set()

    def append(self, group, rows, *, remaining):
        fate = self.rng.randrange(10)
        if fate == 0:
            raise Killed
        if fate == 1:
            raise ServiceUnavailable("S3 did not answer")
        self.write_times |= {row.write_time for row in rows}
        if fate == 2:
            raise Killed
        return Appended(len(rows), 0, 1)


class World:
    """Writers at the door, heartbeats, and the offline writer, in steps of chance."""

    def __init__(self, seed, shards):
        self.rng = random.Random(seed)
        self.now = WRITTEN
        self.stream = ShardedStream(shards)
        self.store = Beating(self.stream, before_write=self.maybe_split)
        self.tables = Tables(self.rng)
        self.splits = 8
        self.pending = []
        self.acknowledged = []
        self.proven = []
        clock = lambda: self.now  # noqa: E731
        self.heartbeats = Heartbeats(self.stream, self.store, clock, sleep=self.pass_time)
        writer = OfflineWriter(OneGroup(GROUP), self.tables, NoQuarantine(), self.store.note, clock)
        self.consume = create_consumer(writer, log=lambda _line: None)

    def pass_time(self, at_most=5.0):
        self.now += int(self.rng.random() * at_most * SECOND)

    def maybe_split(self):
        if self.rng.random() < 0.02:
            self.split()

    def begin_write(self):
        number = len(self.pending) + len(self.acknowledged)
        values = {
            "customer_id": f"c{self.rng.randrange(300)}",
            "event_time": nanos_to_iso((1_700_000_000 + number) * 10**9),
        }
        self.now += 1
        self.pending.append(version(GROUP, values, write_time=self.now))

    def end_write(self):
        each = self.pending.pop(self.rng.randrange(len(self.pending)))
        self.now = max(self.now, each.write_time + 1)
        self.stream.write(stream_record(GROUP, new=each, log=self.rng.random() < 0.2))
        self.acknowledged.append(each.write_time)

    def read(self):
        shard = self.rng.choice(self.stream.readable() or [None])
        if shard is None:
            return
        batch = random_batch(shard, self.rng, 20)
        try:
            answer = self.consume({"Records": batch}, seconds(60))
        except (Killed, ServiceUnavailable):
            return
        failures = answer["batchItemFailures"]
        numbers = [each["dynamodb"]["SequenceNumber"] for each in batch]
        first = failures[0]["itemIdentifier"] if failures else None
        shard.at += numbers.index(first) if first else len(batch)

    def check(self):
        beats = look(self.store, self.stream.open_shards(), self.now)
        if beats.watermark is None:
            return
        self.proven.append(beats.watermark)
        owed = {each for each in self.acknowledged if each <= beats.watermark}
        assert owed <= self.tables.write_times
        # and no write still under way will come out behind it
        assert all(each.write_time > beats.watermark for each in self.pending)

    def step(self):
        oldest = min((each.write_time for each in self.pending), default=self.now)
        if self.now - oldest > MARGIN_MICROS // 3:
            while self.pending:
                self.end_write()
        act = self.rng.choices(
            (self.begin_write, self.end_write, self.read, self.beat, self.pass_time, self.split),
            (30, 30 if self.pending else 0, 30, 3, 6, 0.3),
        )[0]
        act()
        self.check()

    def beat(self):
        end = self.now + 10 * SECOND
        self.heartbeats.beat(remaining=lambda: end - self.now)

    def split(self):
        if self.splits:
            self.splits -= 1
            self.stream.split(self.rng)


@pytest.mark.parametrize("shards", [1, 4, 16])
@pytest.mark.parametrize("seed", range(6))
def test_never_ahead_of_the_data(seed, shards):
    world = World(seed, shards)
    for _ in range(1500):
        world.step()
    while world.pending:
        world.end_write()
    for _ in range(60):
        world.now += 20 * SECOND
        world.beat()
        while world.stream.readable():
            world.read()
        world.check()
    print(f"seed {seed}: {len(world.acknowledged)} writes, {len(world.stream.shards)} shards")
    assert set(world.acknowledged) == world.tables.write_times
    assert world.proven[-1] >= max(world.acknowledged)  # it is not idle either


def test_unknown_until_a_round_has_passed():
    stream = ShardedStream(2)
    store = Beating(stream)
    beats = Heartbeats(stream, store, lambda: WRITTEN).beat(remaining=seconds(5))
    assert beats.keys.keys() == {"s0", "s1"}
    assert look(store, stream.open_shards(), WRITTEN + 60 * SECOND).watermark is None
    (sent,) = beats.rounds
    store.note(Heartbeat(sent.keys["s0"], WRITTEN))
    assert look(store, stream.open_shards(), WRITTEN + 60 * SECOND).watermark is None
    store.note(Heartbeat(sent.keys["s1"], WRITTEN))
    assert look(store, stream.open_shards(), WRITTEN).watermark is None  # a split may yet show
    found = look(store, stream.open_shards(), WRITTEN + 60 * SECOND)
    assert found.watermark == WRITTEN - MARGIN_MICROS


def test_a_round_whose_shard_was_split_meanwhile_proves_nothing():
    beats = Beats({"a": "0", "b": "1"}, (Round(WRITTEN, {"a": "0", "b": "1"}),))
    passed = {"0": WRITTEN, "1": WRITTEN}
    settled = beats.settled({"a", "c", "d"}, passed, WRITTEN + 60 * SECOND)
    assert (settled.proven, settled.rounds, settled.keys) == (None, (), {"a": "0"})


def test_a_shard_that_no_key_leads_to_leaves_the_watermark_where_it_was():
    stream = ShardedStream(1)
    stream.shards[0].low, stream.shards[0].high = 0, 2**32
    stream.open_shards = lambda: frozenset({"s0", "hot"})
    store = Beating(stream)
    left = iter([5, 5, 0])
    beats = Heartbeats(stream, store, lambda: WRITTEN, sleep=lambda _pause: None).beat(
        remaining=lambda: next(left)
    )
    assert (beats.keys.keys(), beats.rounds, beats.watermark) == ({"s0"}, (), None)


def test_old_heartbeats_and_redriven_ones_are_not_noted():
    store = Beating(ShardedStream(1))
    writer = OfflineWriter(
        OneGroup(GROUP),
        Tables(random.Random(0)),
        NoQuarantine(),
        store.note,
        lambda: WRITTEN + FRESH_MICROS,
    )
    consume = create_consumer(writer, log=lambda _line: None)
    store.write(Heartbeat("0", WRITTEN))
    store.write(Heartbeat("1", WRITTEN + 1))
    records = store.stream.shards[0].records
    answer = consume({"Records": records, "redrive": True}, seconds(5))
    assert (answer["rows"], answer["quarantined"], store.met) == (0, [], {})
    consume({"Records": records}, seconds(5))
    assert store.met == {"1": WRITTEN + 1}
