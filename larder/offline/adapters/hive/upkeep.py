"""Maintenance of tables of format Glue: a commit whose writer died is completed.

Nothing else is done. Each file is named by a commit, so there are no orphans. Files are not merged:
readers of a hive table take every file that they list. While one file replaces several, they would
see rows twice, or not at all. A group that writes often takes Iceberg.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyiceberg.io import FileIO

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.hive.commits import Overtaken, S3Slots
from larder.offline.adapters.hive.files import HiveFiles
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.ports import Remaining, TableUnusable
from larder.offline.upkeep import UpkeepRules, Upkept

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class HiveUpkeep:
    """Implements ``larder.offline.upkeep.TableUpkeep``."""

    client: S3Client
    io: FileIO

    def keep(
        self,
        group: FeatureGroup,
        rules: UpkeepRules,  # noqa: ARG002 - nothing is merged or removed
        pinned: Collection[int],  # noqa: ARG002
        remaining: Remaining,  # noqa: ARG002
    ) -> Upkept:
        store = group.offline
        if store is None:
            raise TableUnusable(f"feature group {group.name} has no offline store")
        slots = S3Slots(self.client)
        with translated_errors(store.location):
            slot = slots.read(group, store)
            if slot is None or not slot.rows:
                return Upkept()
            made = HiveFiles(self.client, self.io).publish(group, store, slot)
            try:
                slots.replace(group, store, slot)
            except Overtaken:  # another writer has found the files, or written them
                return Upkept()
        return Upkept(made=made)
