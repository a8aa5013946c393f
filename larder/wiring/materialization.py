"""Materialization: offline to online, and online into memory, with this process's IAM rights."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.retries import Retries
from larder.aws.s3_objects import Objects
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, StorageType
from larder.ingestion.adapters.process_memory import lean_memory
from larder.ingestion.group_lookup import patiently
from larder.ingestion.load import Offered, OnlineLoader
from larder.materialization.adapters.added_rows import IcebergAddedRows
from larder.materialization.adapters.latest_files import S3LatestFiles, TierLoad
from larder.materialization.adapters.memory_entries import Entries
from larder.materialization.adapters.memory_load import MemoryLoader
from larder.materialization.adapters.positions import S3Positions
from larder.materialization.materialize import Asked, Materialization, Materialized
from larder.materialization.redelete import Redeleted, Redeletion
from larder.memory.warm import Warmed, warm
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.hive.commits import S3Slots
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.schema import ERASED_PROPERTY
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.offline.erased_marks import Marks
from larder.offline.feature_table import has_iceberg
from larder.progress import Report
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import DataPlane
from larder.wiring.memory_tier import memory_client

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

__all__ = ["MaterializationSettings", "OfflineToOnline", "lean_memory", "open_materialization"]
_BATCH_ROWS = 4096
_CONFIRMED_SECONDS = 0.4
"""What is loaded into memory must be confirmed within the second, so batches are as short."""


@dataclass(frozen=True, kw_only=True)
class MaterializationSettings(RuntimeSettings):
    """The stores, the platform's bucket, and where Athena runs."""

    offline_bucket: str
    database: str
    workgroup: str


@dataclass(frozen=True, slots=True)
class OfflineToOnline:
    """Runs materializations. ``plane`` gives the data plane; its writer's grants are asked."""

    settings: MaterializationSettings
    plane: Callable[[], DataPlane]

    def run(self, group: str, asked: Asked, *, rate: float, report: Report) -> Materialized:
        """Materialize a group, by ``rate`` writes a second; raises as ``Materialization.run``."""
        found = patiently(self.plane().writer.groups, group)
        return self._use_case(found, rate).run(found, asked, report)

    def warm(self, group: str, report: Report) -> Warmed:
        """Fill the in-memory tier with a group's records, as DynamoDB holds them.

        Raises:
            ValidationError: the platform has no such tier, or the group is not of it.
        """
        plane = self.plane()
        found, tier = patiently(plane.writer.groups, group), plane.memory
        if tier is None or not _is_in_memory(found):
            raise ValidationError(
                f"FeatureGroup {found.name} is not served from memory: create it with the storage "
                "type InMemory, on a stage that has the in-memory tier"
            )
        return warm(plane.lister.store, tier, found, report)

    def redelete(
        self,
        group: str,
        *,
        since: int,
        until: int | None,
        dry_run: bool,
        erase: Callable[[str, str], object],
        report: Report,
    ) -> Redeleted:
        """Repeat a group's deletions online. ``since`` and ``until`` are microseconds.

        What was restored is older than what was materialized, so the next run is to be a full one.
        Raises as ``Redeletion.run``.
        """
        plane = self.plane()
        found = plane.writer.groups.get(group)
        if not dry_run:
            objects = Objects(boto3.client("s3"))
            S3Positions(objects, self.settings.offline_bucket).note(found, None)
        use_case = self._redeletion(plane, erase)
        return use_case.run(found, since=since, until=until, dry_run=dry_run, report=report)

    def _redeletion(self, plane: DataPlane, erase: Callable[[str, str], object]) -> Redeletion:
        named, s3 = self.settings, boto3.client("s3")
        return Redeletion(
            versions=IcebergVersions(open_catalog()),
            queries=AthenaQueries(boto3.client("athena"), named.workgroup, named.database),
            files=S3LatestFiles(Objects(s3), named.offline_bucket, time.time_ns, _BATCH_ROWS),
            writes=plane.writer.store,
            pages=plane.lister.store,
            marks=lambda each: marks_of(each, s3),
            erase=erase,
            clock=time.time_ns,
            new_id=lambda: secrets.token_hex(8),
        )

    def _use_case(self, group: FeatureGroup, rate: float) -> Materialization:
        named, plane = self.settings, self.plane()
        store, rows = plane.writer.store, _BATCH_ROWS
        offered: Callable[[Offered], None] = _ignore
        if plane.memory is not None and _is_in_memory(group):
            entries = Entries(group, offline=2, epoch=named.valkey_epoch)
            load = TierLoad(MemoryLoader(memory_client(named, named.region), entries))
            store, offered = self._plain_store(load), load
            rows = max(1, min(rows, int(rate * _CONFIRMED_SECONDS)))
        catalog, objects = open_catalog(), Objects(boto3.client("s3"))
        return Materialization(
            versions=IcebergVersions(catalog),
            queries=AthenaQueries(boto3.client("athena"), named.workgroup, named.database),
            files=S3LatestFiles(objects, named.offline_bucket, time.time_ns, rows),
            added=IcebergAddedRows(catalog, time.time_ns, rows),
            positions=S3Positions(objects, named.offline_bucket),
            loader=OnlineLoader(
                store,
                lambda name: patiently(plane.writer.groups, name),
                writes_per_second=rate,
            ),
            clock=time.time_ns,
            new_id=lambda: secrets.token_hex(8),
            offered=offered,
        )

    def _plain_store(self, load: TierLoad) -> DynamoRecordStore:
        """DynamoDB, whose accepted writes go into memory by batches, not one by one."""
        named, retries = self.settings, Retries()
        dynamodb = DynamoWire.from_environment(named.region, named.partition, retries)
        return DynamoRecordStore(
            dynamodb, named.records_table, retries=retries, projection=load.hear
        )


def open_materialization(
    settings: MaterializationSettings, plane: Callable[[], DataPlane]
) -> OfflineToOnline:
    """Materialization over a data plane."""
    return OfflineToOnline(settings, plane)


def marks_of(group: FeatureGroup, s3: S3Client) -> Marks:
    """The marks of erasures that a group's offline table keeps."""
    store = group.offline
    if store is None:
        return Marks()
    if has_iceberg(group):
        table = open_catalog().load_table((store.database, store.table))
        return Marks.parse(table.properties.get(ERASED_PROPERTY))
    slot = S3Slots(s3).read(group, store)
    return slot.notes.erased if slot else Marks()


def _is_in_memory(group: FeatureGroup) -> bool:
    return group.online is not None and group.online.storage_type is StorageType.IN_MEMORY


def _ignore(_offered: Offered) -> None:
    """Where there is no tier, the batches that were offered concern no other part."""
