"""Athena as an engine of pipelines: a statement's rows as Parquet in a folder of S3."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from larder.as_of.athena import unload
from larder.offline.adapters.athena import ENDED, AthenaQueries, check, state_of
from larder.pipelines.runs.ports import Remaining, StillRunning
from larder.progress import silent


@dataclass(frozen=True, slots=True)
class AthenaUnload:
    """Implements ``larder.pipelines.runs.ports.Engine`` in one workgroup and database.

    A query that outlasts the time for waiting goes on.
    """

    queries: AthenaQueries

    def unload(
        self,
        query: str,
        folder: str,
        token: str,
        remaining: Remaining,
        partition_by: Sequence[str] = (),
    ) -> None:
        # of a fixed length, since Athena takes 32 to 128 characters
        digest = hashlib.sha256(token.encode()).hexdigest()
        execution_id = self.queries.start(unload(query, folder, partition_by), digest)
        execution = self.queries.wait(execution_id, silent, remaining)
        if state_of(execution) not in ENDED:
            raise StillRunning(f"Athena query {execution_id} is {state_of(execution)}")
        check(execution_id, execution)
