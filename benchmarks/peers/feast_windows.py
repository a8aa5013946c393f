"""Windowed features in Feast's own way: ``feast_windows FOLDER``.

Feast's local engine refuses windows ("Time window aggregation is not supported"). So its users
write the pandas function of a batch feature view, which that engine calls with the events. This
calls the function that the view holds, as the engine does. Writing what comes of it is ours.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import BatchFeatureView, Entity, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

from benchmarks.peers.answer import answer

_FUNCTIONS = {
    "count": "count",
    "sum": "sum",
    "mean": "avg",
    "std": "stddev",
    "min": "min",
    "max": "max",
}
_WINDOWS = ("1h", "24h", "168h")


def features(events: pd.DataFrame) -> pd.DataFrame:
    """The features at each event. Events of one instant see those of them that came before."""
    events["at"] = pd.to_datetime(events.pop("t"), unit="us")
    events = events.sort_values(["card", "at"], kind="stable").reset_index(drop=True)
    grouped = events.set_index("at").groupby("card")["amount"]
    found = [events]
    for window in _WINDOWS:
        rolled = grouped.rolling(window).agg(list(_FUNCTIONS)).reset_index(drop=True)
        found.append(rolled.rename(columns={k: f"{v}_{window}" for k, v in _FUNCTIONS.items()}))
    return pd.concat(found, axis=1)


def prepare(folder: Path) -> Callable[[], dict[str, Any]]:
    """Define the view; ``measure()`` computes once."""
    warnings.simplefilter("ignore")
    source = folder / "events.parquet"
    names = [f"{name}_{window}" for window in _WINDOWS for name in _FUNCTIONS.values()]
    view = BatchFeatureView(
        name="card",
        mode="pandas",
        entities=[Entity(name="card", join_keys=["card"], value_type=ValueType.INT64)],
        ttl=timedelta(days=3650),
        schema=[Field(name=name, dtype=Float64) for name in names],
        source=FileSource(path=str(source), timestamp_field="at"),
        udf=features,
        udf_string="features",
    )

    def measure() -> dict[str, Any]:
        start, cpu = time.perf_counter(), time.process_time()
        events = pd.read_parquet(source, columns=["card", "t", "amount"])
        found = view.feature_transformation.udf(events)
        found.to_parquet(folder / "feast.parquet")
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        counted, summed = int(found["count_168h"].sum()), round(found["sum_168h"].sum())
        return {"s": seconds, "s CPU": used, "MB": memory, "counted": counted, "summed": summed}

    return measure


if __name__ == "__main__":
    answer(lambda: prepare(Path(sys.argv[1])))
