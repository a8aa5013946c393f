"""Feast over the same store. Runs on Feast's own Python: ``feast_peer.py DIR ONLINE_STORE``, the
online store's settings as JSON.

Prepares a repository in the folder, fills the online store, measures reads in this process, and
prints ``{row: {"wall": [ms, ...], "cpu": [ms, ...]}}``. The repository is left for ``feast serve``.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

RECORDS = 100
WIDTHS = (10, 50)
ROWS = {"read-1x10": (1, 10), "read-100x10": (100, 10), "read-100x50": (100, 50)}


def main(folder: Path, online_store: str) -> None:
    """Prepare, measure, print."""
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feature_store.yaml").write_text(
        f"""project: bench
provider: local
registry: {folder}/registry.db
offline_store: {{type: dask}}
online_store: {online_store}
entity_key_serialization_version: 3
"""
    )
    store = FeatureStore(repo_path=str(folder))
    prepare(store, folder)
    measured = {row: measure(store, *shape) for row, shape in ROWS.items()}
    print(json.dumps(measured))


def prepare(store: FeatureStore, folder: Path) -> None:
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


def measure(store: FeatureStore, records: int, width: int) -> dict[str, list[float]]:
    """Milliseconds of one read, several times."""
    features = [f"view{width}:feature_{n:03}" for n in range(width)]
    entities = [{"id": f"c{n}"} for n in range(records)]

    def read() -> dict[str, list[object]]:
        found: dict[str, list[object]] = store.get_online_features(features, entities).to_dict()
        return found

    assert None not in read()["feature_000"], "the online store has lost a record"  # noqa: S101
    samples: dict[str, list[float]] = {"wall": [], "cpu": []}
    count = 40 if records == 1 else 5
    for _ in range(15):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            read()
        samples["wall"].append((time.perf_counter() - wall) * 1000 / count)
        samples["cpu"].append((time.process_time() - cpu) * 1000 / count)
    return samples


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
