"""Snapshots of offline tables, as PyIceberg reads them from the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchTableError
from pyiceberg.table import Table

from larder.feature_table import FeatureTable, TableVersion
from larder.training_set_ports import SnapshotGone


@dataclass(frozen=True, slots=True)
class IcebergVersions:
    """Implements ``larder.training_set_ports.TableVersions``."""

    catalog: Catalog

    def current(self, table: FeatureTable) -> TableVersion:
        """See the port.

        The columns are the snapshot's own: features added since the last write are not in it, and
        a query of that snapshot would not find them.
        """
        try:
            found = self._load(table.database, table.table)
        except NoSuchIcebergTableError:  # hive-partitioned Parquet, which has no snapshots
            return TableVersion(None, frozenset(f.name.lower() for f in table.features))
        snapshot = found.current_snapshot()
        if snapshot is None:
            names = frozenset(found.schema().column_names)
            return TableVersion(None, names, empty=True)
        schema = found.schema()
        if snapshot.schema_id is not None:
            schema = found.schemas()[snapshot.schema_id]
        summary = snapshot.summary
        size = int(summary.get("total-files-size", 0) or 0) if summary else 0
        return TableVersion(snapshot.snapshot_id, frozenset(schema.column_names), size=size)

    def check(self, database: str, table: str, snapshot_id: int) -> None:
        """See the port."""
        try:
            found = self._load(database, table)
        except NoSuchIcebergTableError as error:
            raise SnapshotGone(f"{database}.{table} is not an Iceberg table any more") from error
        if found.snapshot_by_id(snapshot_id) is None:
            raise SnapshotGone(
                f"snapshot {snapshot_id} of {database}.{table} has expired; what was deleted or "
                "compacted since can't be read as it was"
            )

    def _load(self, database: str, table: str) -> Table:
        try:
            return self.catalog.load_table((database, table))
        except NoSuchIcebergTableError:
            raise
        except NoSuchTableError as error:
            raise SnapshotGone(f"there is no table {database}.{table} any more") from error
