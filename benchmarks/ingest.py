"""Bulk: rows into an offline table, and newest versions of a table's history into Valkey.

Valkey stands for the in-memory tier; that DynamoDB is written first is left out, because a stub of
it says nothing of its speed. The peer's figure is Feast 0.67's ``materialize`` into Redis, measured
once for the design (100,000 rows of 10 features on two such cores): 10,785 rows/s.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import servers
from benchmarks.bulk_group import VALUES
from benchmarks.measure import Figure, figure
from benchmarks.rows import Row

_FEAST = Figure(10_785)
_DAYS = 10
_PART = 100_000
_MOST_MEMORY = 300
_ROUNDS = 3


def rows(*, long: bool) -> Iterator[Row]:
    """Rows a second and memory; ten million rows only where there is time."""
    with TemporaryDirectory(prefix="larder-bench-") as folder:
        for count in (1_000_000, 10_000_000) if long else (1_000_000,):
            source = Path(folder, "rows.parquet")
            _write(source, count, latest=False)
            yield from _rows(
                f"ingest offline {_short(count)}x10",
                count,
                partial(_measured, "bulk_ingest", source),
            )
        for count in (100_000, 1_000_000):
            source = Path(folder, "latest.parquet")
            _write(source, count, latest=True)
            name = f"load {_short(count)}x10 into Valkey"
            yield from _rows(name, count, partial(_loaded, source), feast=True)


def _rows(
    name: str, count: int, measured: Callable[[], dict[str, float]], *, feast: bool = False
) -> Iterator[Row]:
    found = [measured() for _ in range(_ROUNDS)]
    yield Row(
        id=name,
        ours=figure([count / each["seconds"] for each in found]),
        unit="rows/s",
        peer=_FEAST if feast else None,
        against="Feast materialize, measured for the design" if feast else "",
        target=100_000 if feast else None,
        rate=True,
    )
    peak = figure([each["peak_mb"] for each in found])
    yield Row(id=f"{name}, memory", ours=peak, unit="MB", target=_MOST_MEMORY if feast else None)


def _loaded(source: Path) -> dict[str, float]:
    with servers.valkey() as address:
        return _measured("bulk_load", source, address)


def _measured(module: str, *arguments: Path | str) -> dict[str, float]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = orjson.loads(done.stdout)
    return found


def _write(path: Path, count: int, *, latest: bool) -> None:
    """Rows of ten features over ten days; the newest ones as Athena unloads them."""
    random = np.random.default_rng(count)
    names = [f"feature_{n:03}" for n in range(VALUES)]
    columns = [f"f{n}" for n in range(VALUES + 2)] if latest else ["id", "event_time", *names]
    writer: Any = None
    for first in range(0, count, _PART):
        numbers = np.arange(first, min(first + _PART, count))
        seconds = np.datetime64("2024-01-01T00:00:00") + numbers * 86_400 * _DAYS // count
        values = [pa.array(random.random(len(numbers)) * 1000) for _ in range(VALUES)]
        times = pa.array([f"{each}Z" for each in seconds.astype(str)])
        arrays = [pa.array([f"c{n}" for n in numbers]), times, *values]
        table = pa.table(arrays, names=columns)
        if latest:
            written = pa.array(["2024-02-01T00:00:00123456000"] * len(numbers))
            table = table.append_column("written", written)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def _short(count: int) -> str:
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1000}k"
