"""Small results of Athena, by way of Parquet in the folder of its own results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from larder.bucket_folders import RESULTS
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.consistency.ports import Rows
from larder.pipelines.runs.ports import Engine, Remaining


@dataclass(frozen=True, slots=True)
class AthenaRows:
    """Implements ``larder.pipelines.consistency.ports.RowQueries``.

    Each query's rows are files in a folder of its own below that of Athena's results, which
    expire. ``new_id`` gives a text that no other query has.
    """

    engine: Engine
    staged: StagedParquet
    bucket: str
    new_id: Callable[[], str]
    remaining: Remaining

    def rows(self, query: str, name: str) -> Rows:
        token = f"consistency-{name}-{self.new_id()}"
        folder = f"s3://{self.bucket}/{RESULTS}{token}/"
        self.engine.unload(query, folder, token, self.remaining)
        return self.staged.rows(folder)
