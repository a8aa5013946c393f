"""What a run needs of the world: an engine, the rows that it staged, and who publishes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from larder.errors import LarderError

Remaining = Callable[[], float]
"""Seconds that are left for the work."""


class StillRunning(LarderError):
    """A query goes on after the time for waiting. Asked again with its token, it is waited for."""


class ChecksFailed(LarderError):
    """The rows of an interval are not as the definition expects; nothing was published."""


class IntervalsFailed(LarderError):
    """Some intervals of a run were not published; each has its cause in the ledger."""


class Engine(Protocol):
    """What computes statements in Athena's dialect."""

    def unload(
        self,
        query: str,
        folder: str,
        token: str,
        remaining: Remaining,
        partition_by: Sequence[str] = (),
    ) -> None:
        """Write a query's rows as Parquet into an empty folder of S3, and wait for the end.

        A repeated call with the same ``token`` waits for the same query. ``partition_by`` are the
        query's last columns, whose values become folders.

        Raises:
            StillRunning: it has not ended in time.
            QueryFailed: it ended without a result.
        """


class StagedRows(Protocol):
    """Rows that an engine has written."""

    def count(self, folder: str) -> int:
        """How many rows the files of a folder have; none where there are no files."""

    def select(self, folder: str, query: str) -> list[Mapping[str, Any]]:
        """The answer of a query whose table ``larder_rows`` are the rows of a folder, not empty.

        It holds few rows of plain values; the staged rows may be many.
        """


class Reports(Protocol):
    """Documents beside the rows of a run."""

    def write(self, address: str, body: bytes) -> None:
        """Keep a document, in place of the one that is there."""

    def read(self, address: str) -> bytes | None:
        """A document; ``None`` where it does not exist."""
