"""Writers at the endpoint, heartbeats and the offline writer over a sharded stream, by chance."""

from lambdas.offline_writer.events import create_consumer
from larder.errors import ServiceUnavailable
from larder.event_time import nanos_to_iso
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.heartbeats import Heartbeats, look
from larder.offline.watermark import MARGIN_MICROS
from larder.offline.write import OfflineWriter
from tests.faults.killing import Killed
from tests.faults.writer_process import NoQuarantine, OneGroup
from tests.support.logs import silent
from tests.support.offline import WRITTEN, OneByOne, seconds, stream_record, version
from tests.support.sharded_stream import Beating, ShardedStream, random_batch

SECOND = 1_000_000


class Parking(NoQuarantine):
    """Keeps what is parked, in the form in which it is redriven."""

    def __init__(self):
        self.records = []
        self.count = 0

    def park(self, uid, changes, reason):
        self.records.append([change.raw for change in changes])
        self.count += 1
        return f"quarantine/{uid}/parked/{len(self.records)}"


class World:
    """Writers, heartbeats and the offline writer, in steps of chance."""

    def __init__(self, rng, shards, tables, group, most=20):
        self.rng = rng
        self.group = group
        self.most = most
        self.now = WRITTEN
        self.stream = ShardedStream(shards)
        self.store = Beating(self.stream, before_write=self.maybe_split)
        self.splits = 8
        self.pending = []
        self.acknowledged = []
        self.proven = []
        clock = lambda: self.now  # noqa: E731
        self.heartbeats = Heartbeats(self.stream, self.store, clock, sleep=self.pass_time)
        self.parking = Parking()
        writer = OfflineWriter(
            OneGroup(self.group), OneByOne(tables), self.parking, self.store.note, clock
        )
        self.consume = create_consumer(writer, parse_change, silent())

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
        self.pending.append(version(self.group, values, write_time=self.now))

    def end_write(self):
        each = self.pending.pop(self.rng.randrange(len(self.pending)))
        self.now = max(self.now, each.write_time + 1)
        log, entered = self.rng.random() < 0.2, self.now / SECOND
        self.stream.write(stream_record(self.group, new=each, log=log, entered=entered))
        self.acknowledged.append(each.write_time)

    def read(self):
        shard = self.rng.choice(self.stream.readable() or [None])
        if shard is None:
            return
        batch = random_batch(shard, self.rng, self.most)
        try:
            answer = self.consume({"Records": batch}, seconds(60))
        except (Killed, ServiceUnavailable):
            return
        failures = answer["batchItemFailures"]
        numbers = [each["dynamodb"]["SequenceNumber"] for each in batch]
        first = failures[0]["itemIdentifier"] if failures else None
        done = numbers.index(first) if first else len(batch)
        shard.records[shard.at : shard.at + done] = [None] * done  # let long runs forget them
        shard.at += done

    def drain(self):
        """Redrive what was parked, until a fault stops it."""
        while self.parking.records:
            try:
                answer = self.consume(
                    {"Records": self.parking.records[0], "redrive": True}, seconds(60)
                )
            except (Killed, ServiceUnavailable):
                return
            if answer["batchItemFailures"]:
                return
            del self.parking.records[0]

    def check(self, visible):
        """Hold the watermark against the write times of the rows that can be seen.

        While something is parked the group's watermark is unknown (``UnwrittenRecords``).
        """
        if self.parking.records:
            return
        beats = look(self.store, self.stream.open_shards(), self.now)
        if beats.watermark is None:
            return
        self.proven.append(beats.watermark)
        owed = {each for each in self.acknowledged if each <= beats.watermark}
        assert owed <= visible, f"{len(owed - visible)} rows are behind the watermark"
        # and no write still under way will come out behind it
        assert all(each.write_time > beats.watermark for each in self.pending)

    def step(self):
        oldest = min((each.write_time for each in self.pending), default=self.now)
        if self.now - oldest > MARGIN_MICROS // 3:
            while self.pending:
                self.end_write()
        act = self.rng.choices(
            (
                *(self.begin_write, self.end_write, self.read, self.beat, self.pass_time),
                *(self.split, self.drain),
            ),
            (30, 30 if self.pending else 0, 30, 3, 6, 0.3, 0.5),
        )[0]
        act()

    def finish(self, check):
        """End what is under way, and let everything be read."""
        while self.pending:
            self.end_write()
        for _ in range(60):
            self.now += 20 * SECOND
            self.beat()
            while self.stream.readable():
                self.read()
            while self.parking.records:
                self.drain()
            check()

    def beat(self):
        end = self.now + 10 * SECOND
        self.heartbeats.beat(remaining=lambda: end - self.now)

    def split(self):
        if self.splits:
            self.splits -= 1
            self.stream.split(self.rng)
