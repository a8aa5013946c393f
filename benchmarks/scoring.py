"""Scoring a million records, as a shard's function does: from Parquet to Parquet.

The least that it can cost is the library's own call on an array that is ready. The peer is the
loop over pandas' frames that a person writes. Scores are published as a pipeline's rows are, whose
rates ``benchmarks.publishing`` has: both are bulk ingestion of staged Parquet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ingest import Taken, measured
from benchmarks.measure import Figure, figure
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Row, at_least, at_most
from benchmarks.scoring_run import ROWS, write

_ROUNDS = 3
_NAME = f"score {ROWS // 10**6}M records x30, XGBoost 300x6"
_LIMIT, _PEER = "XGBoost on a ready array", "a loop over pandas' frames"


def rows(_setting: Setting) -> Iterator[Row]:
    """CPU of a record, and memory."""
    with TemporaryDirectory(prefix="larder-") as name:
        folder = Path(name)
        write(folder)
        ways = ("shards", "bare", "pandas")
        rounds = [[measured("scoring_run", way, folder) for way in ways] for _ in range(_ROUNDS)]
    ours, bare, loop = zip(*rounds, strict=True)
    yield Row(
        id=f"{_NAME}, CPU",
        ours=_figure(ours, "cpu", 1e6 / ROWS),
        unit="us CPU a record",
        peer=Beside(_PEER, _figure(loop, "cpu", 1e6 / ROWS), at_least(1)),
        limit=Beside(_LIMIT, _figure(bare, "cpu", 1e6 / ROWS), at_most(1.5)),
    )
    yield Row(
        id=f"{_NAME}, memory",
        ours=_figure(ours, "peak_mb"),
        unit="MB",
        peer=Beside(_PEER, _figure(loop, "peak_mb"), at_least(1)),
    )


def _figure(taken: Sequence[Taken], what: str, unit: float = 1.0) -> Figure:
    return figure([each[what] * unit for each in taken])
