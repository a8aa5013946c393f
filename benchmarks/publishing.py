"""Publishing the rows of a pipeline's run, beside bulk ingestion of the same rows from a file.

Publishing is bulk ingestion, whose own rows are in ``benchmarks.ingest``; only the reader of the
rows is another. Their way online is that of any ingestion.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.bulk_group import VALUES
from benchmarks.ingest import Taken, given, measured, write
from benchmarks.measure import Figure, figure
from benchmarks.rows import Beside, Row, at_most

_COUNT = 1_000_000
_ROUNDS = 3
_BESIDE = "ingest of the same rows"
_NAMES = ["id", "event_time", *(f"feature_{n:03}" for n in range(VALUES))]


def publishing_rows(folder: Path) -> Iterator[Row]:
    """Rows a second, CPU and memory, in turn with bulk ingestion."""
    file, staged = folder / "rows.parquet", folder / "staged"
    staged.mkdir()
    write(file, _COUNT, given)
    write(staged / "part-0", _COUNT, _in_micros)
    rounds = [[measured("bulk_ingest", each) for each in (staged, file)] for _ in range(_ROUNDS)]
    ours, ingest = zip(*rounds, strict=True)
    name = f"publish {_COUNT // 10**6}M rows x10 of a pipeline offline"
    rates = [figure([_COUNT / each["seconds"] for each in taken]) for taken in (ours, ingest)]
    yield Row(id=name, ours=rates[0], unit="rows/s", limit=Beside(_BESIDE, rates[1]), rate=True)
    cpu = [_figure(taken, "cpu", 1e6 / _COUNT) for taken in (ours, ingest)]
    limit = Beside(_BESIDE, cpu[1], at_most(1.3))
    yield Row(id=f"{name}, CPU", ours=cpu[0], unit="us CPU a row", limit=limit)
    memory = [_figure(taken, "peak_mb") for taken in (ours, ingest)]
    limit = Beside(_BESIDE, memory[1], at_most(1.3))
    yield Row(id=f"{name}, memory", ours=memory[0], unit="MB", limit=limit)


def _figure(taken: tuple[Taken, ...], what: str, unit: float = 1.0) -> Figure:
    return figure([each[what] * unit for each in taken])


def _in_micros(identifiers: Any, seconds: Any, values: list[Any]) -> Any:  # noqa: ANN401 - pyarrow
    """As engines write a pipeline's rows."""
    instants = pa.array(seconds.astype("datetime64[us]").astype("int64"))
    return pa.table([identifiers, instants, *values], names=_NAMES)
