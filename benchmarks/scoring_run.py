"""``python -m benchmarks.scoring_run WAY FOLDER``: a million records scored, and what that took.

``shards`` is the scoring function's own way, from Parquet to Parquet. ``bare`` is the library's
call on an array that is ready, and ``pandas`` a loop over files as a person writes it. A process of
its own: its memory is that work's alone.
"""

from __future__ import annotations

import hashlib
import resource
import shutil
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost

from benchmarks.endpoint import trained
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.models.adapters.xgboost_runtime import XgboostRuntime
from larder.models.ports import Matrix
from larder.models.residence import Residence
from larder.models.served import (
    Contract,
    FeatureSpec,
    Missing,
    ModelArtefact,
    ModelInput,
    Runtime,
    ServedModel,
    SourceKind,
)
from larder.predictions.adapters.duckdb_shards import DuckShards
from larder.predictions.definition import Score, Target
from larder.predictions.pin import Pin
from larder.predictions.statement import SHARD
from larder.wiring.model_runtimes import NativeRuntimes

ROWS, SHARDS, FEATURES = 1_000_000, 20, 30
_EACH = ROWS // SHARDS
_CHUNK = 1_000
_NAMES = tuple(f"feature_{number:02}" for number in range(FEATURES))


def write(folder: Path) -> None:
    """The records as Athena unloads them, a folder for each shard, and the model."""
    random = np.random.default_rng(3)
    for shard in range(SHARDS):
        path = folder / f"records/from-00000/{SHARD}={shard}"
        path.mkdir(parents=True)
        keys = pa.array([f"c{shard * _EACH + number:07}" for number in range(_EACH)])
        times = pa.array(["2026-01-01T00:00:00Z"] * _EACH)
        values = [pa.array(random.normal(size=_EACH)) for _ in range(FEATURES)]
        names = [f"f{number}" for number in range(FEATURES + 2)]
        pq.write_table(pa.table([keys, times, *values], names=names), path / "part")
    (folder / "model").write_bytes(trained(FEATURES))


@dataclass(frozen=True, slots=True)
class _Files:
    """Objects of S3 on this disk, and the model's file."""

    folder: Path

    def listed(self, address: str) -> Iterator[tuple[str, int]]:
        for each in sorted(Path(address).iterdir()):
            yield str(each), each.stat().st_size

    def fetch(self, address: str, path: Path) -> str:
        shutil.copy(address, path)
        return ""

    def send(self, path: Path, address: str) -> None:
        shutil.copy(path, address)

    def read(self, _sha256: str) -> bytes:
        return (self.folder / "model").read_bytes()


def _model(artefact: bytes) -> ServedModel:
    inputs = tuple(
        ModelInput(
            name=name,
            source=SourceKind.FEATURE_GROUP,
            type="Fractional",
            group="customer",
            group_uid="u",
            feature=name,
            key="id",
            missing=Missing.NAN,
        )
        for name in _NAMES
    )
    digest = hashlib.sha256(artefact).hexdigest()
    return ServedModel(
        name="m",
        uid="u",
        runtime=Runtime.XGBOOST,
        contract=Contract.LARDER,
        artefacts=(ModelArtefact(sha256=digest, size=len(artefact)),),
        width=FEATURES,
        features=FeatureSpec(inputs=inputs, sha256="benchmark"),
    )


def _pin(artefact: bytes) -> Pin:
    text, number = FeatureType.STRING, FeatureType.FRACTIONAL
    read = (FeatureDefinition("id", text), FeatureDefinition("event_time", text))
    return Pin(
        as_of=1_767_225_600_000_000,
        group="m",
        version=1,
        model=_model(artefact),
        source="customer",
        uid="u",
        snapshot=1,
        database="d",
        table="t",
        columns=frozenset(),
        read=(*read, *(FeatureDefinition(name, number) for name in _NAMES)),
        since=None,
        shards=SHARDS,
        created=0,
        scores=(Score("score"),),
        target=Target(group="g", identifier="id", identifier_type=text, event_time="event_time"),
    )


def _shards(folder: Path) -> Callable[[], int]:
    files: Any = _Files(folder)
    pin = _pin(files.read(""))
    scorer = DuckShards(files, Residence(NativeRuntimes(), files), lambda _name: None)
    scorer.models.model(pin.model)

    def call() -> int:
        return sum(
            scorer.score(
                pin, f"{folder}/records/", shard, f"{folder}/part-{shard}", lambda _counts: None
            ).rows
            for shard in range(SHARDS)
        )

    return call


def _bare(folder: Path) -> Callable[[], int]:
    model = XgboostRuntime().load([_Files(folder).read("")])
    random = np.random.default_rng(3).normal(size=(_EACH, FEATURES)).astype("f4")
    matrix = Matrix(array("f", random.tobytes()), _EACH, FEATURES)
    return lambda: sum(model.predict(matrix).rows for _ in range(SHARDS))


def _pandas(folder: Path) -> Callable[[], int]:
    booster = xgboost.Booster({"nthread": 1}, model_file=str(folder / "model"))

    def call() -> int:
        found = []
        for shard in range(SHARDS):
            frame = pd.read_parquet(folder / f"records/from-00000/{SHARD}={shard}/part")
            for first in range(0, len(frame), _CHUNK):
                rows = frame.iloc[first : first + _CHUNK]
                scores = booster.predict(xgboost.DMatrix(rows.iloc[:, 2:].to_numpy()))
                for key, score in zip(rows["f0"], scores, strict=True):
                    found.append({"id": key, "score": float(score)})
        pd.DataFrame(found).to_parquet(folder / "scores.parquet")
        return len(found)

    return call


_WAYS = {"shards": _shards, "bare": _bare, "pandas": _pandas}


def main(way: str, folder: Path) -> None:
    """Score once, and print CPU seconds, seconds, and the peak of memory in MB."""
    call = _WAYS[way](folder)
    cpu, start = time.process_time(), time.perf_counter()
    count = call()
    taken = {
        "rows": count,
        "cpu": time.process_time() - cpu,
        "seconds": time.perf_counter() - start,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if count != ROWS:
        raise RuntimeError(f"{count} of {ROWS} rows were scored")
    print(orjson.dumps(taken).decode())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
