"""The offline tables of feature groups: the port, and what every implementation promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.errors import LarderError
from larder.groups.feature_group import FeatureGroup
from larder.offline.rows import OfflineRow

Remaining = Callable[[], float]
"""Seconds that are left for the work at hand; negative when it should have ended."""


class TableUnusable(LarderError):
    """The table can't be made or written, and trying again would not help; a person must act."""


class TableNotReady(LarderError):
    """The group's table is still to be made; the same call succeeds later."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: rows written, rows dropped, and the snapshot.

    ``duplicates`` are rows that were there before, or whose identifier was erased since.
    ``by_others`` are rows that another writer committed together with its own, and counts there.
    """

    rows: int
    duplicates: int
    snapshot_id: int | None
    by_others: int = 0


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows for one table."""

    group: FeatureGroup
    rows: Sequence[OfflineRow]


class OfflineTables(Protocol):
    """One table per group, holding each row key once.

    All methods raise ``ServiceUnavailable`` where storage or catalog did not answer or the time ran
    out. The effect of the call is unknown then, and calling again is safe. They raise
    ``AccessForbidden`` where these refused, and ``TableUnusable`` as said there.
    """

    def create(self, group: FeatureGroup) -> None:
        """Make the group's table; doing so twice is the same as once.

        Raises:
            TableUnusable: a table of that name exists and is not this group's.
        """

    def evolve(self, group: FeatureGroup, *, remaining: Remaining) -> None:
        """Add the columns of features that the table lacks; it never removes or retypes any."""

    def append(
        self, group: FeatureGroup, rows: Sequence[OfflineRow], *, remaining: Remaining
    ) -> Appended:
        """Write the rows whose keys the table does not hold, in one commit or a few.

        Afterwards the table holds each of the keys exactly once. That holds after a lost answer,
        with another batch's bounds, beside another writer and beside a compaction. Columns that an
        Iceberg table lacks are added first; a table of format Glue shows them once it evolves. Rows
        that were erased (``larder.offline.erased_marks``) are not written.
        """


class BatchTables(Protocol):
    """The tables of many groups, written together."""

    def append_all(
        self, batch: Sequence[TableRows], *, remaining: Remaining
    ) -> Sequence[Appended | Exception]:
        """Write each table's rows as ``OfflineTables.append`` does; what became of each, in order.

        A table comes once. A failure is that table's own, and costs the others nothing.
        """
