"""Larder's own run of monitoring on DuckDB: ``watched run|scan FOLDER``.

``run`` counts a million exposures by the baseline's buckets and judges them. ``scan`` is the least:
count, mean and deviation of each input.
"""

# ruff: noqa: S608 - names of our own
from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.monitoring_data import COLUMNS, CURRENT, NAMES
from benchmarks.peers.answer import answer
from larder.monitoring.adapters.duckdb_rows import open_rows
from larder.monitoring.columns import Column
from larder.monitoring.constraints import suggested
from larder.monitoring.judge import judge
from larder.monitoring.measure import buckets_by, counted, measured
from larder.monitoring.violations import Check

_COLUMNS = [Column(name, place) for place, name in enumerate(NAMES, start=1)]


def prepare(way: str, folder: Path) -> Callable[[], dict[str, Any]]:
    """Make the baseline; ``measure()`` looks at the exposures once."""
    look = {"run": _run, "scan": _scan}[way](folder)

    def measure() -> dict[str, Any]:
        start, cpu = time.perf_counter(), time.process_time()
        drifted = look()
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"s": seconds, "s CPU": used, "MB": memory, "drifted": drifted}

    return measure


def _run(folder: Path) -> Callable[[], list[str]]:
    queries = open_rows([])
    baseline = measured(queries, _relation(folder, "baseline"), _COLUMNS)
    constraints = suggested(baseline)

    def run() -> list[str]:
        buckets = buckets_by(_COLUMNS, baseline)
        found = counted(queries, _relation(folder, "current"), buckets)
        if found.rows != CURRENT:
            raise RuntimeError(f"{found.rows} of {CURRENT} rows were counted")
        judged = judge(baseline, found, constraints)
        return [each.feature for each in judged.violations if each.check is Check.DRIFT]

    return run


def _scan(folder: Path) -> Callable[[], None]:
    queries, places = open_rows([]), range(1, COLUMNS + 1)
    told = ", ".join(f"count(x{n}), avg(x{n}), stddev_samp(x{n})" for n in places)
    values = ", ".join(f"element_at(inputs, {n}) AS x{n}" for n in places)
    relation = _relation(folder, "current")

    def scan() -> None:
        list(queries.rows(f"SELECT {told} FROM (SELECT {values} FROM ({relation}) AS e) AS v"))

    return scan


def _relation(folder: Path, name: str) -> str:
    return f"SELECT inputs, scores FROM read_parquet('{folder}/{name}-exposures.parquet')"


if __name__ == "__main__":
    answer(lambda: prepare(sys.argv[1], Path(sys.argv[2])))
