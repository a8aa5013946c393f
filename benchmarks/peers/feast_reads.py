"""Feast's own reads: ``feast_reads DIR ONLINE_STORE``, the online store's settings as JSON.

It prepares a repository in the folder and fills the online store. The repository is left for
``feast serve``.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

from benchmarks.peers import feast_repository
from benchmarks.peers.answer import answer

RECORDS = 100
WIDTHS = (10, 50)


def prepare(folder: Path, online_store: str) -> Callable[[int, int, int], dict[str, float]]:
    """Make the repository; ``measure(records, width, count)`` gives milliseconds of a read."""
    warnings.simplefilter("ignore")
    store = feast_repository.make(folder, online_store)
    fill(store, folder)
    return lambda records, width, count: measure(store, records, width, count)


def fill(store: FeatureStore, folder: Path) -> None:
    """One view for each width, its records written to the online store."""
    entity = Entity(name="id", join_keys=["id"], value_type=ValueType.STRING)
    now = datetime.now(UTC).replace(microsecond=0)
    views, frames = [], {}
    for width in WIDTHS:
        names = [f"feature_{n:03}" for n in range(width)]
        random = Random(width)
        rows = [
            {"id": f"c{n}", "event_time": now, **{each: random.random() * 1000 for each in names}}
            for n in range(RECORDS)
        ]
        frames[f"view{width}"] = pd.DataFrame(rows)
        path = folder / f"view{width}.parquet"
        frames[f"view{width}"].to_parquet(path)
        views.append(
            FeatureView(
                name=f"view{width}",
                entities=[entity],
                ttl=timedelta(days=1),
                schema=[Field(name=each, dtype=Float64) for each in names],
                source=FileSource(path=str(path), timestamp_field="event_time"),
                online=True,
            )
        )
    store.apply([entity, *views])
    for name, frame in frames.items():
        store.write_to_online_store(name, frame)


def measure(store: FeatureStore, records: int, width: int, count: int) -> dict[str, float]:
    """One round of reads: mean CPU of one, and the median of what one took on the clock."""
    features = [f"view{width}:feature_{n:03}" for n in range(width)]
    entities = [{"id": f"c{n}"} for n in range(records)]
    times, cpu = [], time.process_time_ns()
    for _ in range(count):
        start = time.perf_counter_ns()
        found = store.get_online_features(features, entities).to_dict()
        times.append((time.perf_counter_ns() - start) / 1e6)
    cpu = time.process_time_ns() - cpu
    if None in found["feature_000"]:
        raise RuntimeError("the online store has lost a record")
    return {"wall": median(times), "cpu": cpu / count / 1e6}


if __name__ == "__main__":
    answer(lambda: prepare(Path(sys.argv[1]), sys.argv[2]))
