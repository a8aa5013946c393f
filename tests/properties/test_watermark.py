"""The watermark is never ahead of what is visible, whatever is killed and however shards split."""

import random

import pytest

from lambdas.heartbeat.events import create_handler
from lambdas.offline_writer.events import create_consumer
from larder.errors import ServiceUnavailable
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.heartbeats import Heartbeats, look
from larder.offline.ports import Appended
from larder.offline.watermark import FRESH_MICROS, MARGIN_MICROS, Beats, Heartbeat, Round
from larder.offline.write import OfflineWriter
from tests.faults.killing import Killed
from tests.faults.world import SECOND, World
from tests.faults.writer_process import NoQuarantine, OneGroup
from tests.support.logs import collecting, metrics_in, silent
from tests.support.offline import WRITTEN, OneByOne, offline_group, seconds
from tests.support.sharded_stream import Beating, ShardedStream

GROUP = offline_group()


class Tables:
    """Rows by key; dies before or after taking some, or fails ``failing`` times in ten."""

    def __init__(self, rng, failing=1):
        self.rng = rng
        self.failing = failing
        self.write_times = set()

    def append(self, group, rows, *, remaining):
        fate = self.rng.randrange(10)
        if fate == 0:
            raise Killed
        if fate >= 10 - self.failing:
            raise ServiceUnavailable("S3 did not answer")
        self.write_times |= {row.write_time for row in rows}
        if fate == 2:
            raise Killed
        return Appended(len(rows), 0, 1)


@pytest.mark.parametrize("shards", [1, 4, 16])
@pytest.mark.parametrize("seed", range(6))
def test_never_ahead_of_the_data(seed, shards):
    assert run_world(seed, shards, failing=1).acknowledged


def test_never_ahead_of_the_data_while_a_broken_table_is_parked():
    assert run_world(1, 4, failing=6).parking.count


def run_world(seed, shards, failing):
    rng = random.Random(seed)
    tables = Tables(rng, failing)
    world = World(rng, shards, tables, GROUP)

    def check():
        world.check(tables.write_times)

    for _ in range(1500):
        world.step()
        check()
    world.finish(check)
    print(f"seed {seed}: {len(world.acknowledged)} writes, {len(world.stream.shards)} shards")
    assert set(world.acknowledged) == tables.write_times
    assert world.proven[-1] >= max(world.acknowledged)  # it is not idle either
    return world


def test_unknown_until_a_round_has_passed():
    stream = ShardedStream(2)
    store = Beating(stream)
    beats = Heartbeats(stream, store, lambda: WRITTEN).beat(remaining=seconds(5)).beats
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
    sent = Heartbeats(stream, store, lambda: WRITTEN, sleep=lambda _pause: None).beat(
        remaining=lambda: next(left)
    )
    beats = sent.beats
    assert (beats.keys.keys(), beats.rounds, beats.watermark) == ({"s0"}, (), None)
    assert sent.unreached == 1


def test_a_heartbeat_that_finds_no_way_through_a_shard_is_a_metric():
    stream, lines = ShardedStream(1), []
    stream.open_shards = lambda: frozenset({"s0", "hot"})
    left = iter([5, 5, 0])
    heartbeats = Heartbeats(stream, Beating(stream), lambda: WRITTEN, sleep=lambda _pause: None)
    create_handler(heartbeats, collecting(lines))({}, lambda: next(left))
    told = metrics_in("\n".join(lines))
    assert told == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}


def test_old_heartbeats_and_redriven_ones_are_not_noted():
    store = Beating(ShardedStream(1))
    writer = OfflineWriter(
        OneGroup(GROUP),
        OneByOne(Tables(random.Random(0))),
        NoQuarantine(),
        store.note,
        lambda: WRITTEN + FRESH_MICROS,
    )
    consume = create_consumer(writer, parse_change, silent())
    store.write(Heartbeat("0", WRITTEN))
    store.write(Heartbeat("1", WRITTEN + 1))
    records = store.stream.shards[0].records
    answer = consume({"Records": records, "redrive": True}, seconds(5))
    assert (answer["rows"], answer["quarantined"], store.met) == (0, [], {})
    consume({"Records": records}, seconds(5))
    assert store.met == {"1": WRITTEN + 1}
