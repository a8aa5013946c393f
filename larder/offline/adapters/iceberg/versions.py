"""Snapshots of offline tables, as PyIceberg reads them from the catalog."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchPropertyException,
    NoSuchTableError,
)
from pyiceberg.table import Table

from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.queries import SnapshotGone

NOT_ICEBERG = (NoSuchIcebergTableError, NoSuchPropertyException)
"""How PyIceberg refuses a table of another kind: with a ``table_type`` of its own, or with none."""


@dataclass(frozen=True, slots=True)
class IcebergVersions:
    """Implements ``larder.offline.queries.TableVersions``."""

    catalog: GlueCatalog
    clock: Callable[[], float] = time.time

    def current(self, table: FeatureTable) -> TableVersion:
        """See the port.

        The columns are the snapshot's own: features added since the last write are not in it, and
        a query of that snapshot would not find them. A table of format Glue has none, and is read
        up to now.
        """
        try:
            found = self._load(table.database, table.table)
        except NOT_ICEBERG:
            return TableVersion(None, self._columns(table), written_until=self._now())
        snapshot = found.current_snapshot()
        if snapshot is None:
            names = frozenset(found.schema().column_names)
            return TableVersion(None, names, empty=True)
        schema = found.schema()
        if snapshot.schema_id is not None:
            schema = found.schemas()[snapshot.schema_id]
        summary = snapshot.summary
        size, rows = (
            int(summary.get(total, 0) or 0) if summary else 0
            for total in ("total-files-size", "total-records")
        )
        names = frozenset(schema.column_names)
        return TableVersion(snapshot.snapshot_id, names, size=size, rows=rows)

    def check(self, database: str, table: str, snapshot_id: int) -> None:
        try:
            found = self._load(database, table)
        except NOT_ICEBERG as error:
            raise SnapshotGone(f"{database}.{table} is not an Iceberg table any more") from error
        if found.snapshot_by_id(snapshot_id) is None:
            raise SnapshotGone(
                f"snapshot {snapshot_id} of {database}.{table} has expired; what was deleted or "
                "compacted since can't be read as it was"
            )

    def _columns(self, table: FeatureTable) -> frozenset[str]:
        found = self.catalog.glue.get_table(DatabaseName=table.database, Name=table.table)
        return frozenset(each["Name"] for each in found["Table"]["StorageDescriptor"]["Columns"])

    def _now(self) -> int:
        return int(self.clock() * 1_000_000)

    def _load(self, database: str, table: str) -> Table:
        try:
            return self.catalog.load_table((database, table))
        except NOT_ICEBERG:
            raise
        except NoSuchTableError as error:
            raise SnapshotGone(f"there is no table {database}.{table} any more") from error
