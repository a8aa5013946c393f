"""Clients of an InMemory group at a steady rate, whose every operation is noted in a history."""

import threading
import time
from random import Random

from larder.errors import LarderError
from larder.event_time import NANOS, nanos_to_iso
from larder.records.codec import pack, unpack
from larder.records.record import RecordVersion, Slot, State
from tests.faults.memory_history import History, Read, Write

KEYS = 60
_SLOTS = [Slot("uload", 64, f"c{n}", True) for n in range(KEYS)]
_EPOCH = 1_700_000_000 * NANOS


class Load:
    """``rate`` operations a second over the endpoints of a platform, a quarter of them writes.

    Most writes are newer than all before; some are late, some correct an equal event time.
    """

    def __init__(self, platform, *, rate=300, threads=6, seed=1):
        self.slots = _SLOTS
        self.history = History()
        self.latencies = []
        self._doors = platform.doors
        self._pause = threads / rate
        self._stop = threading.Event()
        self._ticks = 0
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(number, Random(seed * 1000 + number)))
            for number in range(threads)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End the load; what it did stays in the history."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number, random):
        due = time.perf_counter()
        while not self._stop.wait(max(0.0, due - time.perf_counter())):
            due = max(due + self._pause, time.perf_counter() - 0.1)
            door = self._doors[random.randrange(len(self._doors))]
            start = time.perf_counter()
            try:
                if random.random() < 0.25:
                    self._write(door, number, random)
                else:
                    self._read(door, random)
            except LarderError as error:
                self.history.errors.append(error)
            self.latencies.append((start, time.perf_counter() - start))

    def _write(self, door, number, random):
        with self._lock:
            self._ticks += 1
            tick = self._ticks
        slot = random.choice(_SLOTS)
        event = _EPOCH + (tick - (random.choice([0, 0, 0, 1, 50]))) * NANOS // 10
        value = f"{number}/{tick}"
        version = RecordVersion(
            slot.identifier,
            event,
            time.time_ns() // 1000,
            0,
            State.LIVE,
            pack({0: slot.identifier, 1: nanos_to_iso(event), 2: value}),
            3,
        )
        asked = time.perf_counter()
        if door.put(slot, version, now_nanos=time.time_ns()) is None:
            rank = version.order()
            self.history.writes.append(
                Write(slot.identifier, rank, value, asked, time.perf_counter())
            )

    def _read(self, door, random):
        slots = random.sample(_SLOTS, random.choice([1, 1, 10]))
        asked = time.perf_counter()
        found = door.get(slots).found
        answered = time.perf_counter()
        for slot in slots:
            value = unpack(found[slot].packed)[2] if slot in found else None
            self.history.reads.append(Read(slot.identifier, value, asked, answered))

    def percentile(self, share, since, until):
        """Milliseconds within which that share of the operations begun between was done."""
        taken = sorted(each for began, each in self.latencies if since <= began < until)
        return taken[int(len(taken) * share)] * 1000 if taken else 0.0
