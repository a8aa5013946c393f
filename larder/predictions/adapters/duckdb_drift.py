"""The population stability index of scores, by DuckDB over Parquet on S3.

The earlier run's deciles are the bins. The index of both runs' counts is ``larder.drift``'s.
"""

# ruff: noqa: S608 - names are quoted
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from larder.as_of.text import name
from larder.drift import population_stability
from larder.pipelines.adapters.staged_parquet import StagedParquet

_BINS: Final = 10


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
    now, then = (_counts(database, table, column, edges) for table in ("now", "before"))
    return population_stability(then, now) if sum(now) and sum(then) else None


def _counts(
    database: Any,  # noqa: ANN401 - duckdb is untyped
    table: str,
    column: str,
    edges: Sequence[float],
) -> list[int]:
    """How many scores each bin has: up to the first edge, the second, and beyond the last."""
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {column} <= {edge!r})" for edge in edges)
    found = database.execute(f"SELECT {counts}, COUNT({column}) FROM {table}_rows").fetchone()
    return [upper - lower for lower, upper in zip((0, *found[:-1]), found, strict=True)]
