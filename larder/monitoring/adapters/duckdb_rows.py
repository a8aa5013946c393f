"""Athena's statements over rows on this machine, by DuckDB.

It runs what ``larder.monitoring.statistics_sql`` writes. Names that Athena has and DuckDB lacks are
macros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

ROWS = "given_rows"
"""The relation that the rows are read as."""
_VECTORS = "SELECT inputs, scores FROM batch_rows"
_MACROS = (
    "is_finite(x) AS isfinite(x)",
    "approx_distinct(x) AS approx_count_distinct(x)",
    "approx_percentile(x, p) AS quantile_disc(x, p)",
    "element_at(x, place) AS list_extract(x, place)",
)


@dataclass(frozen=True, slots=True)
class DuckDbRows:
    """Implements ``larder.models.report_experiment.QueryRows`` over a table in memory."""

    database: Any  # duckdb is untyped

    def rows(self, sql: str) -> Iterator[list[str | None]]:
        """Run a query; its rows as texts."""
        for row in self.database.execute(sql).fetchall():
            yield [None if cell is None else str(cell) for cell in row]


def open_rows(batches: Iterable[Any], vectors: str = _VECTORS) -> DuckDbRows:
    """Arrow batches as rows; ``vectors`` is the query that makes them of ``batch_rows``."""
    database = duckdb.connect()
    for macro in _MACROS:
        database.execute(f"CREATE MACRO {macro}")
    database.execute(f"CREATE TABLE {ROWS} (inputs DOUBLE[], scores DOUBLE[])")
    for batch in batches:
        database.register("batch_rows", batch)
        database.execute(f"INSERT INTO {ROWS} {vectors}")
        database.unregister("batch_rows")
    return DuckDbRows(database)
