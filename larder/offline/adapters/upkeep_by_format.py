"""Maintenance of a platform's offline tables, each by its own format."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from larder.groups.feature_group import FeatureGroup, TableFormat
from larder.offline.adapters.hive.upkeep import HiveUpkeep
from larder.offline.adapters.iceberg.catalog import open_catalog, open_files
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.ports import Remaining
from larder.offline.upkeep import TableUpkeep, UpkeepRules, Upkept

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class UpkeepByFormat:
    """Implements ``larder.offline.upkeep.TableUpkeep`` for each format."""

    formats: Mapping[TableFormat, TableUpkeep]

    def keep(
        self, group: FeatureGroup, rules: UpkeepRules, pinned: Collection[int], remaining: Remaining
    ) -> Upkept:
        if group.offline is None:
            raise ValueError(f"feature group {group.name} has no offline store")
        return self.formats[group.offline.table_format].keep(group, rules, pinned, remaining)


def open_upkeep(s3: S3Client) -> UpkeepByFormat:
    """Maintenance of the tables in the Glue catalog and the S3 that the SDK's variables name."""
    return UpkeepByFormat(
        {
            TableFormat.ICEBERG: IcebergUpkeep(open_catalog()),
            TableFormat.GLUE: HiveUpkeep(s3, open_files()),
        }
    )
