"""Offline to online, from Python, on the platform that the environment names.

    from larder.client.materialization import materialization

    print(materialization().materialize("customers").stored)

The environment is that of ``make env``, or of a deployed platform: what ``larder.client`` needs,
``LARDER_OFFLINE_BUCKET``, ``LARDER_DATABASE``, ``LARDER_WORKGROUP``, and the AWS SDK's variables.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import boto3

from larder.as_of.oracle import nanos_of
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.retries import Retries
from larder.aws.s3_objects import Objects
from larder.client.ingestion import IngestionSettings
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, StorageType
from larder.ingestion.adapters.process_memory import lean_memory
from larder.ingestion.load import Offered, OnlineLoader
from larder.materialization.adapters.latest_files import S3LatestFiles, TierLoad
from larder.materialization.adapters.memory_entries import Entries
from larder.materialization.adapters.memory_load import MemoryLoader
from larder.materialization.materialize import Materialization, Materialized
from larder.memory.warm import Warmed, warm
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.progress import Report, silent
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.wiring.data_plane import DataPlane, open_data_plane
from larder.wiring.memory_tier import memory_client

__all__ = [
    "MaterializationClient",
    "MaterializationSettings",
    "Materialized",
    "Warmed",
    "lean_memory",
    "materialization",
]


_BATCH_ROWS = 4096
_CONFIRMED_SECONDS = 0.4
"""What is loaded into memory must have been confirmed within the second: batches are as short."""


@dataclass(frozen=True, kw_only=True)
class MaterializationSettings(IngestionSettings):
    """The stores' settings, and where Athena runs."""

    database: str
    workgroup: str


@dataclass(frozen=True, slots=True)
class MaterializationClient:
    """Puts history online with this process's IAM rights."""

    plane: DataPlane
    settings: MaterializationSettings

    def materialize(
        self,
        group: str,
        *,
        as_of: str | None = None,
        since: str | None = None,
        max_writes_per_second: float = 1000.0,
        report: Report = silent,
    ) -> Materialized:
        """Put the newest version of each record of a group's history into its online store.

        ``as_of`` and ``since`` are ISO-8601 texts with a zone; both are inclusive, of event times.
        Raises as ``larder.materialization.materialize.Materialization.run``.
        """
        found = self.plane.writer.groups.get(group)
        return self._use_case(found, max_writes_per_second).run(
            found,
            as_of=None if as_of is None else nanos_of(as_of),
            since=None if since is None else nanos_of(since),
            report=report,
        )

    def warm(self, group: str, *, report: Report = silent) -> Warmed:
        """Fill the in-memory tier with the records of an InMemory group, as DynamoDB holds them.

        Entries live five minutes at most, so it is for the moment before readers come.

        Raises:
            ValidationError: the platform has no such tier, or the group is not of it.
        """
        found = self.plane.writer.groups.get(group)
        tier = self.plane.memory
        if tier is None or not _is_in_memory(found):
            raise ValidationError(
                f"FeatureGroup {found.name} is not served from memory: create it with the storage "
                "type InMemory, on a stage that has the in-memory tier"
            )
        return warm(self.plane.writer.store, tier, found, report)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.plane.close()

    def _use_case(self, group: FeatureGroup, rate: float) -> Materialization:
        named = self.settings
        store, rows = self.plane.writer.store, _BATCH_ROWS
        offered: Callable[[Offered], None] = _unheard
        if self.plane.memory is not None and _is_in_memory(group):
            entries = Entries(group, offline=2)
            load = TierLoad(MemoryLoader(memory_client(named, named.region), entries))
            store, offered = self._plain_store(load), load
            rows = max(1, min(rows, int(rate * _CONFIRMED_SECONDS)))
        return Materialization(
            versions=IcebergVersions(open_catalog()),
            queries=AthenaQueries(boto3.client("athena"), named.workgroup, named.database),
            files=S3LatestFiles(
                Objects(boto3.client("s3")), named.offline_bucket, time.time_ns, rows
            ),
            loader=OnlineLoader(store, writes_per_second=rate),
            clock=time.time_ns,
            new_id=lambda: secrets.token_hex(8),
            offered=offered,
        )

    def _plain_store(self, load: TierLoad) -> DynamoRecordStore:
        """DynamoDB, whose accepted writes are loaded by batches, not one by one."""
        named, retries = self.settings, Retries()
        dynamodb = DynamoWire.from_environment(named.region, named.partition, retries)
        return DynamoRecordStore(
            dynamodb, named.records_table, retries=retries, projection=load.hear
        )


def _is_in_memory(group: FeatureGroup) -> bool:
    return group.online is not None and group.online.storage_type is StorageType.IN_MEMORY


def _unheard(_offered: Offered) -> None:
    """Nobody else is told."""


def materialization(settings: MaterializationSettings | None = None) -> MaterializationClient:
    """Materialization on the platform that settings, by default the environment, name.

    Raises:
        ConfigurationError: variables are missing; all of them are named.
    """
    named = settings or MaterializationSettings.from_env()
    return MaterializationClient(open_data_plane(named), named)
