"""Evidently's report of drift, by the population stability index: ``evidently_drift FOLDER``."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

from benchmarks.peers.answer import answer

_ALARM = 0.1


def prepare(folder: Path) -> Callable[[], dict[str, Any]]:
    """Read the baseline; ``measure()`` reads the exposures and compares once."""
    warnings.simplefilter("ignore")
    baseline = pd.read_parquet(folder / "baseline-wide.parquet")

    def measure() -> dict[str, Any]:
        start, cpu = time.perf_counter(), time.process_time()
        current = pd.read_parquet(folder / "current-wide.parquet")
        report = Report([DataDriftPreset(method="psi", threshold=_ALARM)])
        found = report.run(current, baseline).dict()
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"s": seconds, "s CPU": used, "MB": memory, "drifted": _drifted(found)}

    return measure


def _drifted(found: dict[str, Any]) -> list[str]:
    columns = [each for each in found["metrics"] if "column" in each["config"]]
    return [each["config"]["column"] for each in columns if each["value"] >= _ALARM]


if __name__ == "__main__":
    answer(lambda: prepare(Path(sys.argv[1])))
