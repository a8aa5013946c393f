"""Several endpoints over one truth and one Valkey, with the stream's projector: the InMemory tier whole.

The truth is the record store in memory behind a lock; its accepted writes leave through a stream as
DynamoDB's do, and the deployed projector's own code repairs the tier from it: late, in batches, each
record twice, until it was taken.
"""

import threading
import time
from contextlib import contextmanager
from queue import Empty, Queue
from random import Random

from lambdas.memory_projector.events import create_projector
from larder.memory.adapters.dynamodb_stream import entry_change
from larder.memory.tier import MemoryTier
from larder.records.adapters.dynamodb_item import record_key, to_attributes
from larder.testing.records import MemoryRecordStore
from larder.valkey import Valkey, ValkeyEndpoint
from tests.support.logs import silent
from tests.support.stores import Tiered


class Truth:
    """The record store in memory, for many threads, whose writes leave through ``stream``."""

    def __init__(self):
        self.store = MemoryRecordStore()
        self.stream = Queue()
        self._lock = threading.Lock()

    def door(self, projection):
        """The store as an endpoint sees it; it learns what the endpoint wrote."""
        return _Door(self, projection)

    def write(self, method, *arguments, **named):
        """The answer of a write, and what it made of the record, if it was accepted."""
        with self._lock:
            before = len(self.store.accepted)
            answer = getattr(self.store, method)(*arguments, **named)
            accepted = self.store.accepted[before:]
            for slot, version in accepted:
                self.stream.put(stream_record(slot, version))
        return answer, accepted

    def get(self, slots, **_named):
        with self._lock:
            return self.store.get(slots)


class _Door:
    def __init__(self, truth, projection):
        self._truth, self._projection = truth, projection
        self.get, self.shard = truth.get, truth.store.shard
        self.log, self.log_all = truth.store.log, truth.store.log_all

    def put(self, slot, version, *, now_nanos):
        return self._told("put", slot, version, now_nanos=now_nanos)

    def put_all(self, writes, *, now_nanos):
        return self._told("put_all", writes, now_nanos=now_nanos)

    def load(self, slot, version, *, now_nanos):
        return self._told("load", slot, version, now_nanos=now_nanos)

    def hard_delete(self, slot, marker, *, now_nanos):
        return self._told("hard_delete", slot, marker, now_nanos=now_nanos)

    def replace(self, slot, stored, version, *, now_nanos):
        return self._told("replace", slot, stored, version, now_nanos=now_nanos)

    def _told(self, method, *arguments, **named):
        answer, accepted = self._truth.write(method, *arguments, **named)
        for slot, version in accepted:
            self._projection(slot, version)
        return answer


def stream_record(slot, version):
    """The record of DynamoDB's stream that such a write leaves."""
    keys = record_key(slot)
    image = to_attributes(version, now_nanos=0) | {"m": {"N": "1"}}
    return {
        "eventName": "MODIFY",
        "dynamodb": {
            "SequenceNumber": f"{time.monotonic_ns()}",
            "Keys": keys,
            "NewImage": keys | image,
        },
    }


class Platform:
    """``doors`` tiered stores at ``port``, each with connections and a breaker of its own."""

    def __init__(self, port, *, doors=1, truth=None):
        self.endpoint = ValkeyEndpoint.at(f"127.0.0.1:{port}", tls=False)
        self.truth = truth or Truth()
        self.valkeys = []
        self.tiers = []
        self.doors = [self._door() for _ in range(doors)]

    def tier(self):
        """One more tier at the same Valkey."""
        self.valkeys.append(Valkey(self.endpoint))
        self.tiers.append(MemoryTier(self.valkeys[-1]))
        return self.tiers[-1]

    def _door(self):
        tier = self.tier()
        return Tiered(self.truth.door(tier.accept), tier)

    def serves(self, number, slots):
        """Whether a door's tier answers one of the records itself, once a read has filled it.

        One at a time: on a busy machine the 5 ms of a read are too short for many.
        """
        tier = self.tiers[number]
        for slot in slots:
            before = tier.counts.hits
            for _ in range(2):
                self.doors[number].get([slot])
            if tier.counts.hits > before:
                return True
        return False

    def close(self):
        for valkey in self.valkeys:
            valkey.close()

    @contextmanager
    def projecting(self, seed=1):
        """The projector runs meanwhile; each batch is delivered again as often as it fails."""
        project = create_projector(self.tier(), entry_change, silent())
        stop = threading.Event()
        follower = threading.Thread(target=self._follow, args=(project, stop, Random(seed)))
        follower.start()
        try:
            yield
        finally:
            stop.set()
            follower.join()

    def _follow(self, project, stop, random):
        while not stop.is_set():
            batch = self._batch()
            if batch and random.random() < 0.3:
                project({"Records": batch[::-1]}, None)  # an overlapping delivery, out of order
            while batch and not stop.is_set():
                failed = project({"Records": batch}, None)["batchItemFailures"]
                sequences = [record["dynamodb"]["SequenceNumber"] for record in batch]
                batch = batch[sequences.index(failed[0]["itemIdentifier"]) :] if failed else []

    def _batch(self):
        batch = []
        try:
            batch.append(self.truth.stream.get(timeout=0.1))
            while len(batch) < 100:
                batch.append(self.truth.stream.get_nowait())
        except Empty:
            pass
        return batch
