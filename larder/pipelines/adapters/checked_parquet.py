"""Staged Parquet asked by DuckDB, which reads the columns of a query and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from larder.offline.queries import QueryFailed
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.checks.statement import ROWS

_MEMORY = "512MB"
_MOST_ROWS = 1000
"""More than any answer has: queries aggregate, or have a limit."""


@dataclass(frozen=True, slots=True)
class CheckedParquet:
    """Implements ``larder.pipelines.runs.ports.StagedRows``.

    Methods raise QueryFailed where a condition does not fit the types of its columns.
    """

    staged: StagedParquet

    def count(self, folder: str) -> int:
        return self.staged.count(folder)

    def select(self, folder: str, query: str) -> list[Mapping[str, Any]]:
        with TemporaryDirectory(prefix="larder-") as spill:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": _MEMORY,
                "threads": 2,
                "temp_directory": spill,
                "preserve_insertion_order": False,
            }
            with duckdb.connect(config=config) as database:
                database.register(ROWS, self.staged.dataset(folder))
                with _in_words():
                    answer = database.execute(query)
                    names = [each[0] for each in answer.description or ()]
                    rows = answer.fetchmany(_MOST_ROWS)
        return [dict(zip(names, each, strict=True)) for each in rows]


@contextmanager
def _in_words() -> Iterator[None]:
    """DuckDB's errors as Larder's, without the values that their texts may quote."""
    try:
        yield
    except duckdb.Error as error:
        raise QueryFailed(
            f"the checks can't be computed ({type(error).__name__}): compare features with values "
            "of their own types in `expect`"
        ) from None
