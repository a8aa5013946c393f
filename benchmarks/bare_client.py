"""What a bare client of Valkey takes for the same reads: redis-py with its parser in C.

Runs on an interpreter of its own: ``bare_client.py HOST PORT``. Fills hashes of ten and
fifty fields, and prints ``{row: [ms, ...]}``: the medians of rounds of HMGET, alone or pipelined.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median

import redis

RECORDS = 100


def main(host: str, port: int) -> None:
    """Fill, measure, print."""
    client = redis.Redis(host, port)
    random = Random(1)
    for width in (10, 50):
        for n in range(RECORDS):
            fields = {f"feature_{k:03}": repr(random.random() * 1000) for k in range(width)}
            client.hset(f"bare:{width}:{n}", mapping=fields)
    print(json.dumps({"1x10": times(one(client, 10), 400), "100x50": times(many(client, 50), 20)}))


def one(client: redis.Redis, width: int) -> Callable[[], object]:
    """One record."""
    names = [f"feature_{k:03}" for k in range(width)]
    return lambda: client.hmget(f"bare:{width}:0", names)


def many(client: redis.Redis, width: int) -> Callable[[], object]:
    """A hundred, in one pipeline: a cluster has no MGET over its slots."""
    names = [f"feature_{k:03}" for k in range(width)]

    def read() -> object:
        pipeline = client.pipeline(transaction=False)
        for n in range(RECORDS):
            pipeline.hmget(f"bare:{width}:{n}", names)
        return pipeline.execute()

    return read


def times(call: Callable[[], object], count: int) -> list[float]:
    """Median milliseconds of a call, of each of fifteen rounds."""
    medians = []
    for _ in range(16):
        taken = []
        for _ in range(count):
            start = time.perf_counter_ns()
            call()
            taken.append((time.perf_counter_ns() - start) / 1e6)
        medians.append(median(taken))
    return medians[1:]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
