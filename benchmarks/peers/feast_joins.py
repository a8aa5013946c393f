"""Feast's as-of join: ``feast_joins STORE FOLDER``, STORE ``dask``, its default, or ``duckdb``."""

from __future__ import annotations

import atexit
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

from benchmarks.peers.answer import answer

FEATURES = [f"feature_{n:03}" for n in range(10)]


def prepare(kind: str, folder: Path) -> Callable[[], dict[str, float]]:
    """Make a repository; ``measure()`` joins once."""
    warnings.simplefilter("ignore")
    place = tempfile.TemporaryDirectory(dir=folder, prefix="feast-")
    repository = Path(place.name)
    (repository / "feature_store.yaml").write_text(
        f"""project: bench
provider: local
registry: {repository}/registry.db
offline_store: {{type: {kind}}}
online_store: {{type: sqlite, path: {repository}/online.db}}
entity_key_serialization_version: 3
"""
    )
    store = FeatureStore(repo_path=str(repository))
    apply(store, folder / "history.parquet")
    labels = pd.read_parquet(folder / "labels.parquet", columns=["c0", "asked_at"])
    labels = labels.rename(columns={"c0": "customer_id", "asked_at": "event_timestamp"})
    labels["event_timestamp"] = labels["event_timestamp"].dt.tz_localize("UTC")

    def measure() -> dict[str, float]:
        start, cpu = time.perf_counter(), time.process_time()
        found = store.get_historical_features(labels, [f"history:{f}" for f in FEATURES])
        rows = len(found.to_df())
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"s": seconds, "s CPU": used, "MB": memory, "rows": rows}

    atexit.register(place.cleanup)
    return measure


def apply(store: FeatureStore, history: Path) -> None:
    """One view of the history; its time to live ends nothing within the data."""
    entity = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.STRING)
    view = FeatureView(
        name="history",
        entities=[entity],
        ttl=timedelta(days=3650),
        schema=[Field(name=each, dtype=Float64) for each in FEATURES],
        source=FileSource(
            path=str(history), timestamp_field="event_at", created_timestamp_column="write_time"
        ),
    )
    store.apply([entity, view])


if __name__ == "__main__":
    answer(lambda: prepare(sys.argv[1], Path(sys.argv[2])))
