"""What an Iceberg table holds, from its metadata alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.table.snapshots import Snapshot

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.iceberg.catalog import owned_table
from larder.offline.adapters.iceberg.upkeep import MERGED
from larder.offline.status import TableState


@dataclass(frozen=True, slots=True)
class IcebergStates:
    """Implements ``larder.offline.status.TableStates``."""

    catalog: Catalog

    def state(self, group: FeatureGroup) -> TableState:
        with owned_table(self.catalog, group) as table:
            head = table.current_snapshot()
        if head is None:
            return TableState()
        snapshots = table.snapshots()
        commits = [each.timestamp_ms for each in snapshots if not _is_upkeep(each)]
        totals = _summary(head)
        return TableState(
            rows=int(totals.get("total-records", 0)),
            files=int(totals.get("total-data-files", 0)),
            bytes=int(totals.get("total-files-size", 0)),
            snapshots=len(snapshots),
            snapshot_id=head.snapshot_id,
            snapshot_time=head.timestamp_ms * 1000,
            last_commit=max(commits) * 1000 if commits else None,
        )


def _is_upkeep(snapshot: Snapshot) -> bool:
    return MERGED.items() <= _summary(snapshot).items()


def _summary(snapshot: Snapshot) -> Mapping[str, str]:
    return snapshot.summary.additional_properties if snapshot.summary else {}
