"""What lies between two snapshots of a table, by the table's own metadata.

A snapshot that appends brings rows. One that replaces files without changing a row says
``replace``; Larder's own merging says so in a property. Any other takes rows away or changes them.
"""

from __future__ import annotations

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot, ancestors_between_ids

from larder.offline.adapters.iceberg.upkeep import MERGED

_HARMLESS = (Operation.APPEND, Operation.REPLACE)


def snapshots_after(table: Table, since: int, now: Snapshot) -> list[Snapshot] | None:
    """The snapshots after one; ``None`` where it is no ancestor of ``now`` any more."""
    found = list(ancestors_between_ids(since, now.snapshot_id, table.metadata))
    return found if found and found[-1].parent_snapshot_id == since else None


def changes_rows(snapshot: Snapshot) -> bool:
    """Whether a snapshot takes away or changes rows that were there before it."""
    summary = snapshot.summary
    if summary is None or summary.operation in _HARMLESS:
        return False
    return any(summary.get(name) != value for name, value in MERGED.items())
