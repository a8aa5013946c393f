"""Feast's ``materialize``: ``feast_materialize DIR HISTORY ONLINE_STORE VALUES``.

HISTORY is a Parquet file of ``id``, ``event_at`` and so many numbers ``feature_NNN``; one row is
the newest of its entity.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

from benchmarks.peers import feast_repository
from benchmarks.peers.answer import answer


def prepare(
    folder: Path, history: str, online_store: str, values: int
) -> Callable[[], dict[str, float]]:
    """Make the repository; ``measure()`` materializes all of the history."""
    warnings.simplefilter("ignore")
    store = feast_repository.make(folder, online_store)
    _apply(store, history, values)

    def measure() -> dict[str, float]:
        start, cpu = time.perf_counter(), time.process_time()
        store.materialize(datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _check(store)
        return {"seconds": seconds, "cpu": cpu, "peak_mb": peak}

    return measure


def _apply(store: FeatureStore, history: str, values: int) -> None:
    entity = Entity(name="id", join_keys=["id"], value_type=ValueType.STRING)
    view = FeatureView(
        name="history",
        entities=[entity],
        ttl=timedelta(days=3650),
        schema=[Field(name=f"feature_{n:03}", dtype=Float64) for n in range(values)],
        source=FileSource(path=history, timestamp_field="event_at"),
        online=True,
    )
    store.apply([entity, view])


def _check(store: FeatureStore) -> None:
    found = store.get_online_features(["history:feature_000"], [{"id": "c0"}]).to_dict()
    if found["feature_000"] == [None]:
        raise RuntimeError("materialize has written nothing")


if __name__ == "__main__":
    answer(lambda: prepare(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
