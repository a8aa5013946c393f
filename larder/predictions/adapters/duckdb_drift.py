"""The population stability index of scores, by DuckDB over Parquet on S3.

The earlier run's deciles are the bins, p and q the shares of scores in a bin now and then. The
index is the sum of (p - q) ln(p / q) over the bins. A share of nothing counts as 0.01 %.
"""

# ruff: noqa: S608 - names are quoted
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import duckdb

from larder.as_of.text import name
from larder.pipelines.adapters.staged_parquet import StagedParquet

_BINS: Final = 10
_LEAST_SHARE: Final = 0.0001


@dataclass(frozen=True, slots=True)
class DuckDrift:
    """Implements ``larder.predictions.ports.Drift``."""

    staged: StagedParquet

    def psi(self, folder: str, earlier: Sequence[str], score: str) -> float | None:
        now, before = (
            self.staged.dataset(each) for each in (folder, earlier[0].rpartition("/")[0])
        )
        if score not in before.schema.names:
            return None
        with duckdb.connect(config={"memory_limit": "512MB", "threads": 2}) as database:
            database.register("now_rows", now)
            database.register("before_rows", before)
            return _index(database, name(score))


def _index(database: Any, column: str) -> float | None:  # noqa: ANN401 - duckdb is untyped
    shares = ", ".join(str(bin_ / _BINS) for bin_ in range(1, _BINS))
    found = database.execute(
        f"SELECT quantile_disc({column}, [{shares}]) FROM before_rows"
    ).fetchone()
    edges = sorted(set(found[0])) if found and found[0] else []
    if not edges:
        return None
    now, then = (_shares(database, table, column, edges) for table in ("now", "before"))
    if now is None or then is None:
        return None
    return sum((p - q) * log(p / q) for p, q in zip(now, then, strict=True))


def _shares(
    database: Any,  # noqa: ANN401 - duckdb is untyped
    table: str,
    column: str,
    edges: Sequence[float],
) -> list[float] | None:
    """The share of scores in each bin: up to the first edge, the second, and beyond the last."""
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {column} <= {edge!r})" for edge in edges)
    found = database.execute(f"SELECT {counts}, COUNT({column}) FROM {table}_rows").fetchone()
    if not found[-1]:
        return None
    steps = [upper - lower for lower, upper in zip((0, *found[:-1]), found, strict=True)]
    return [max(_LEAST_SHARE, step / found[-1]) for step in steps]
