"""How history is queried: the ports of a SQL engine and of the states of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from larder.errors import LarderError
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.progress import Report


class QueryFailed(LarderError):
    """Athena ended a query without a result; the reason is Athena's own."""


class SnapshotGone(LarderError):
    """A table, or the snapshot of it that was named, does not exist any more."""


@dataclass(frozen=True, slots=True)
class QueryRun:
    """A query that succeeded."""

    execution_id: str
    seconds: float
    bytes_scanned: int


class TableVersions(Protocol):
    """States of offline tables."""

    def current(self, table: FeatureTable) -> TableVersion:
        """The newest state.

        Raises:
            SnapshotGone: there is no such table.
        """

    def check(self, database: str, table: str, snapshot_id: int) -> None:
        """Make sure that a snapshot can still be read.

        Raises:
            SnapshotGone: it can't, and why.
        """


class Queries(Protocol):
    """Athena."""

    def run(self, sql: str, report: Report) -> QueryRun:
        """Run a statement to its end; whatever interrupts the wait cancels it.

        Raises:
            QueryFailed: it failed, or somebody cancelled it.
            ServiceUnavailable: Athena did not answer.
        """
