"""Feast with four views of ten numbers for one entity: ``feast_four DIR ONLINE_STORE``.

``lookup`` and ``scores`` are what each server of models puts in front of its model, for none of
them looks features up.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import xgboost
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

from benchmarks.peers import feast_repository
from benchmarks.peers.answer import answer

RECORDS, VIEWS = 100, 4
NAMES = [f"feature_{n:03}" for n in range(10)]
COLUMNS = [f"view{view}:{name}" for view in range(VIEWS) for name in NAMES]


def prepare(folder: Path, online_store: str) -> Callable[[], None]:
    """Make the repository and fill its online store."""
    warnings.simplefilter("ignore")
    store = feast_repository.make(folder, online_store)
    entity = Entity(name="id", join_keys=["id"], value_type=ValueType.STRING)
    now = datetime.now(UTC).replace(microsecond=0)
    views, frames = [], {}
    for number in range(VIEWS):
        name = f"view{number}"
        frames[name] = _frame(number, now)
        path = folder / f"{name}.parquet"
        frames[name].to_parquet(path)
        views.append(
            FeatureView(
                name=name,
                entities=[entity],
                ttl=timedelta(days=1),
                schema=[Field(name=each, dtype=Float64) for each in NAMES],
                source=FileSource(path=str(path), timestamp_field="event_time"),
                online=True,
            )
        )
    store.apply([entity, *views])
    for name, frame in frames.items():
        store.write_to_online_store(name, frame)
    return lambda: None


def _frame(number: int, now: datetime) -> pd.DataFrame:
    random = Random(number)
    rows = [
        {"id": f"c{n}", "event_time": now, **{each: random.random() * 1000 for each in NAMES}}
        for n in range(RECORDS)
    ]
    return pd.DataFrame(rows)


class Scores:
    """A model that is asked by ids alone: Feast's features, then XGBoost's scores."""

    def __init__(self, repository: str, model: str) -> None:
        warnings.simplefilter("ignore")
        self._store = FeatureStore(repo_path=repository)
        self._booster = xgboost.Booster(params={"nthread": 1}, model_file=model)

    def __call__(self, ids: Sequence[str]) -> list[float]:
        """The scores of entities."""
        found = self._store.get_online_features(
            COLUMNS, [{"id": each} for each in ids], full_feature_names=True
        ).to_dict()
        columns = [found[each.replace(":", "__")] for each in COLUMNS]
        matrix = np.array(columns, dtype=np.float32).T
        return [float(each) for each in self._booster.inplace_predict(matrix)]


if __name__ == "__main__":
    answer(lambda: prepare(Path(sys.argv[1]), sys.argv[2]))
