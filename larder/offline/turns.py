"""Whose turn it is to commit to an offline table, and what waits beside it: ports of the committer.

A table's *lease* is its turn: one writer at a time has it. A writer that has to wait *stages* its
rows, those of all of its tables as one batch. The lease also says which staged batches are in its
table. So one look at many leases tells a writer all that it waits for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.offline.ports import TableRows
from larder.offline.rows import OfflineRow


@dataclass(frozen=True, slots=True)
class Lease:
    """A table's lease when it was looked at; ``owner`` is ``None`` where it is free.

    ``committed`` are keys of staged batches whose rows for this table are in it. ``failed`` is the
    last owner who gave it back because storage or catalog failed; a commit since then removes it.
    """

    owner: str | None = None
    committed: frozenset[str] = frozenset()
    failed: str | None = None


class Leases(Protocol):
    """Who may commit to a table now. Methods raise as stores do."""

    def take(self, uid: str, owner: str, *, seconds: float) -> Lease:
        """Take the lease of the table of the group of that uid, if no other owner has it."""

    def look(self, uids: Sequence[str]) -> Mapping[str, Lease]:
        """The leases of these tables; one that could not be looked at is missing."""

    def release(
        self, uid: str, owner: str, committed: Collection[str] | None, *, failed: bool = False
    ) -> None:
        """Give the lease back, with the keys that it has to name; ``None`` keeps those it named.

        Nothing happens where another has taken it since.
        """


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows that a writer has set aside for one table.

    ``schema_version`` is that of the group by which they were made.
    """

    schema_version: int
    rows: Sequence[OfflineRow]


class StagedBatch(Protocol):
    """A writer's rows for many tables."""

    def rows_of(self, uid: str) -> Staged | None:
        """Those for the table of that group, if there are any."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A staged batch that a writer may be waiting for; ``size`` is in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a writer's own batch is; ``version`` is that of the object, if there are versions."""

    key: str
    version: str = ""


class StagedRows(Protocol):
    """Batches that wait to be committed. Methods raise as stores do."""

    def put(self, tables: Sequence[TableRows]) -> Placed:
        """Stage a batch of rows."""

    def waiting(self) -> Sequence[Waiting]:
        """All batches that somebody may wait for, oldest first."""

    def read(self, key: str) -> StagedBatch | None:
        """A batch; ``None`` where it is gone, or of a form that is not known here."""

    def remove(self, placed: Placed) -> None:
        """Remove a batch for good, once its writer waits no more."""
