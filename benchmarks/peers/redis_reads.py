"""What redis-py, its parser in C, takes for the same reads: ``redis_reads HOST PORT``.

It fills hashes of ten and of fifty fields and reads them with HMGET. It reads one alone, or a
hundred in a pipeline: a cluster has no MGET over its slots.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median

import redis

from benchmarks.peers.answer import answer

RECORDS = 100
SIZES = {"1x10": (1, 10), "100x50": (100, 50)}


def prepare(host: str, port: int) -> Callable[[str, int], float]:
    """Fill the hashes; ``measure(size, count)`` gives the median milliseconds of a read."""
    client = redis.Redis(host, port)
    random = Random(1)
    for width in (10, 50):
        for n in range(RECORDS):
            fields = {f"feature_{k:03}": repr(random.random() * 1000) for k in range(width)}
            client.hset(f"bare:{width}:{n}", mapping=fields)

    def measure(size: str, count: int) -> float:
        read = _read(client, *SIZES[size])
        times = []
        for _ in range(count):
            start = time.perf_counter_ns()
            read()
            times.append((time.perf_counter_ns() - start) / 1e6)
        return median(times)

    return measure


def _read(client: redis.Redis, records: int, width: int) -> Callable[[], object]:
    names = [f"feature_{k:03}" for k in range(width)]
    if records == 1:
        return lambda: client.hmget(f"bare:{width}:0", names)

    def read() -> object:
        pipeline = client.pipeline(transaction=False)
        for n in range(records):
            pipeline.hmget(f"bare:{width}:{n}", names)
        return pipeline.execute()

    return read


if __name__ == "__main__":
    answer(lambda: prepare(sys.argv[1], int(sys.argv[2])))
