"""The offline tables of a platform, each group's in its own format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from larder.groups.feature_group import FeatureGroup, TableFormat
from larder.offline.adapters.hive.tables import HiveTables
from larder.offline.adapters.iceberg.catalog import open_catalog, open_files
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.ports import Appended, OfflineTables, Remaining
from larder.offline.rows import OfflineRow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def open_tables(s3: S3Client) -> TablesByFormat:
    """The tables in the Glue catalog and the S3 that the AWS SDK's variables name."""
    catalog = open_catalog()
    return TablesByFormat(
        {
            TableFormat.ICEBERG: IcebergTables(catalog),
            TableFormat.GLUE: HiveTables(s3, catalog.glue, open_files()),
        }
    )


@dataclass(frozen=True, slots=True)
class TablesByFormat:
    """Implements ``larder.offline.ports.OfflineTables`` by the tables of each format."""

    formats: dict[TableFormat, OfflineTables]

    def create(self, group: FeatureGroup) -> None:
        self._of(group).create(group)

    def evolve(self, group: FeatureGroup, *, remaining: Remaining) -> None:
        self._of(group).evolve(group, remaining=remaining)

    def append(
        self, group: FeatureGroup, rows: Sequence[OfflineRow], *, remaining: Remaining
    ) -> Appended:
        return self._of(group).append(group, rows, remaining=remaining)

    def _of(self, group: FeatureGroup) -> OfflineTables:
        if group.offline is None:
            raise ValueError(f"feature group {group.name} has no offline store")
        return self.formats[group.offline.table_format]
