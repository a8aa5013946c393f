"""Feast's as-of join. Runs on Feast's own Python: ``feast_join_peer.py STORE FOLDER ROUNDS``.

STORE is ``duckdb`` or ``dask``, its default. Prints seconds and CPU seconds of each round, rows,
and the most memory that the process held.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

FEATURES = [f"feature_{n:03}" for n in range(10)]


def main(kind: str, folder: Path, rounds: int) -> None:
    """Prepare a repository, join, print what it took."""
    warnings.simplefilter("ignore")
    with TemporaryDirectory(dir=folder) as place:
        repository = Path(place)
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
        prepare(store, folder / "history.parquet")
        labels = pd.read_parquet(folder / "labels.parquet", columns=["c0", "asked_at"])
        labels = labels.rename(columns={"c0": "customer_id", "asked_at": "event_timestamp"})
        labels["event_timestamp"] = labels["event_timestamp"].dt.tz_localize("UTC")
        seconds, used, rows = [], [], 0
        for _ in range(rounds):
            start, cpu = time.perf_counter(), time.process_time()
            found = store.get_historical_features(labels, [f"history:{f}" for f in FEATURES])
            rows = len(found.to_df())
            seconds.append(time.perf_counter() - start)
            used.append(time.process_time() - cpu)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": seconds, "cpu": used, "megabytes": memory, "rows": rows}
    print(json.dumps(told))


def prepare(store: FeatureStore, history: Path) -> None:
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
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
