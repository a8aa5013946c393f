"""Offline tables that take rows in bulk, each group's in its own format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from larder.groups.feature_group import FeatureGroup, TableFormat
from larder.ingestion.adapters.hive import HiveBulk
from larder.ingestion.adapters.iceberg import IcebergBulk
from larder.ingestion.ports import Arrow, BulkTables, Run
from larder.offline.adapters.iceberg.catalog import open_catalog, open_files

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def open_bulk_tables(s3: S3Client) -> BulkByFormat:
    """The tables in the Glue catalog and the S3 that the AWS SDK's variables name."""
    return BulkByFormat(
        {
            TableFormat.ICEBERG: IcebergBulk(open_catalog()),
            TableFormat.GLUE: HiveBulk(s3, open_files()),
        }
    )


@dataclass(frozen=True, slots=True)
class BulkByFormat:
    """Implements ``larder.ingestion.ports.BulkTables`` by the tables of each format."""

    formats: Mapping[TableFormat, BulkTables]

    def append_run(self, group: FeatureGroup, run: Run, rows: Sequence[Arrow], until: int) -> int:
        return self._of(group).append_run(group, run, rows, until)

    def end_run(self, group: FeatureGroup, run: Run) -> None:
        self._of(group).end_run(group, run)

    def _of(self, group: FeatureGroup) -> BulkTables:
        if group.offline is None:
            raise ValueError(f"feature group {group.name} has no offline store")
        return self.formats[group.offline.table_format]
