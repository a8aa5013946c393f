"""Maintenance of Iceberg tables: small files merged, snapshots expired, orphans removed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import TimestampType

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.iceberg.catalog import owned_table
from larder.offline.adapters.iceberg.orphans import remove_orphans
from larder.offline.adapters.iceberg.rewrite import (
    partition_values,
    replace_files,
    rows_of,
    write_sorted,
)
from larder.offline.ports import Remaining
from larder.offline.upkeep import UpkeepRules, Upkept, expired, merged_run

MERGED = {"larder.upkeep": "merged"}
"""Marks the snapshot of a merge, which brought no rows."""
_LEAST_SECONDS = 30.0
_TRIES = 5


@dataclass(frozen=True, slots=True)
class IcebergUpkeep:
    """Implements ``larder.offline.upkeep.TableUpkeep``.

    ``clock`` gives microseconds since the epoch.
    """

    catalog: Catalog
    clock: Callable[[], int] = lambda: time.time_ns() // 1000

    def keep(
        self, group: FeatureGroup, rules: UpkeepRules, pinned: Collection[int], remaining: Remaining
    ) -> Upkept:
        with owned_table(self.catalog, group) as before:
            place = before.name()
            merged, made = self._merge(before, group, rules, remaining)
            table = self.catalog.load_table(place)
            gone = self._expire(table, rules, pinned)
            removed = 0
            if remaining() > _LEAST_SECONDS:
                not_after = self.clock() / 1_000_000 - rules.orphan_hours * 3600
                removed = remove_orphans(
                    table, lambda: self.catalog.load_table(place), not_after, remaining
                )
        return Upkept(merged, made, gone, removed)

    def _merge(
        self, table: Table, group: FeatureGroup, rules: UpkeepRules, remaining: Remaining
    ) -> tuple[int, int]:
        merged = made = 0
        settled = self.clock() - rules.settled_minutes * 60_000_000
        for partition, tasks in _small_files(table, rules, settled):
            if remaining() < _LEAST_SECONDS:
                break
            chosen = tasks[merged_run([task.file.file_size_in_bytes for task in tasks], rules)]
            if not chosen:
                continue
            new = write_sorted(table, group, partition, rows_of(table, chosen))
            if replace_files(table, [task.file for task in chosen], new, MERGED):
                merged, made = merged + len(chosen), made + len(new)
            table = table.refresh()
        return merged, made

    def _expire(self, table: Table, rules: UpkeepRules, pinned: Collection[int]) -> int:
        for _ in range(_TRIES):
            heads = {ref.snapshot_id for ref in table.metadata.refs.values()}
            snapshots = [(each.snapshot_id, each.timestamp_ms) for each in table.snapshots()]
            gone = expired(snapshots, rules, heads | set(pinned), self.clock() // 1000)
            try:
                if gone:
                    table.maintenance.expire_snapshots().by_ids(gone).commit()
            except CommitFailedException:
                table = table.refresh()
            else:
                return len(gone)
        return 0


def _small_files(
    table: Table, rules: UpkeepRules, settled: int
) -> Iterator[tuple[tuple[Any, ...], list[FileScanTask]]]:
    """Files that may be merged, by partition of the table's present spec, smallest first."""
    small: dict[tuple[Any, ...], list[FileScanTask]] = defaultdict(list)
    field = table.schema().find_field("write_time").field_id
    for task in table.scan().plan_files():
        file = task.file
        if (
            file.spec_id == table.spec().spec_id
            and file.file_size_in_bytes < rules.merged_bytes // 2
            and _newest(file, field) <= settled
        ):
            small[partition_values(file)].append(task)
    for partition, tasks in small.items():
        yield partition, sorted(tasks, key=lambda task: task.file.file_size_in_bytes)


def _newest(file: DataFile, field: int) -> int:
    """Greatest ``write_time`` of a file, µs since the epoch; 0 where no bound was kept."""
    bound = (file.upper_bounds or {}).get(field)
    return int(from_bytes(TimestampType(), bound)) if bound else 0
