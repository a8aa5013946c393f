"""Reconciliation of a group's two stores, with this process's IAM rights."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import boto3

from larder.aws.s3_objects import Objects
from larder.errors import ConfigurationError
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.group_lookup import patiently
from larder.ingestion.load import OnlineLoader
from larder.materialization.adapters.latest_files import S3LatestFiles
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.offline.status import OfflineStatus
from larder.progress import Report
from larder.reconciliation.adapters.ordered_newest import OrderedNewest
from larder.reconciliation.adapters.stream_changes import stream_changes
from larder.reconciliation.judge import Kind
from larder.reconciliation.reconcile import Arrived, Asked, Reconciled, Reconciliation
from larder.reconciliation.repair import Repair
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import DataPlane
from larder.wiring.offline import OperatorSettings, open_offline_status
from larder.wiring.redrive import open_writer

_BATCH_ROWS = 4096
_NO_WRITER = (
    "offline_writer_function: the platform does not say which function writes the history, so "
    "rows can't be repaired there. Deploy the stage again, or set LARDER_OFFLINE_WRITER_FUNCTION "
    "to the stack output OfflineWriterFunctionName."
)


@dataclass(frozen=True, kw_only=True)
class ReconciliationSettings(RuntimeSettings):
    """The stores, the platform's bucket, where Athena runs, and what writes the history."""

    offline_bucket: str
    database: str
    workgroup: str
    offline_writer_function: str = ""


@dataclass(frozen=True, slots=True)
class StoresOfGroups:
    """Runs reconciliations; ``plane`` gives the data plane."""

    settings: ReconciliationSettings
    plane: Callable[[], DataPlane]

    def run(
        self,
        group: str,
        asked: Asked,
        report: Report,
        *,
        note: Callable[[Kind, str], None],
        repair_rate: float | None,
    ) -> Reconciled:
        """Reconcile a group; with a rate, repair it by so many writes a second.

        Raises:
            ConfigurationError: a repair needs the offline writer, which the settings do not name.
            LarderError: as ``Reconciliation.run``.
        """
        named, plane = self.settings, self.plane()
        if repair_rate is not None and not named.offline_writer_function:
            raise ConfigurationError(_NO_WRITER)
        found = patiently(plane.writer.groups, group)
        use_case = self._use_case(plane, note, repair_rate or 0.0)
        return use_case.run(found, asked, report, repair=repair_rate is not None)

    def _use_case(
        self, plane: DataPlane, note: Callable[[Kind, str], None], rate: float
    ) -> Reconciliation:
        named, objects = self.settings, Objects(boto3.client("s3"))
        files = S3LatestFiles(objects, named.offline_bucket, time.time_ns, _BATCH_ROWS)
        return Reconciliation(
            versions=IcebergVersions(open_catalog()),
            queries=AthenaQueries(boto3.client("athena"), named.workgroup, named.database),
            files=OrderedNewest(files),
            pages=plane.lister.store,
            arrived=lambda each: arrived(self._status(), each),
            repair=lambda each, read_at: self._repair(plane, each, read_at, rate),
            clock=time.time_ns,
            new_id=lambda: secrets.token_hex(8),
            note=note,
        )

    def _repair(self, plane: DataPlane, group: FeatureGroup, read_at: int, rate: float) -> Repair:
        return Repair(
            group=group,
            loader=OnlineLoader(
                plane.writer.store,
                lambda name: patiently(plane.writer.groups, name),
                writes_per_second=rate,
            ),
            replace=plane.updater.store.replace,
            writes=plane.writer.store,
            writer=open_writer(self.settings.offline_writer_function),
            changes=stream_changes,
            clock=time.time_ns,
            read_at=read_at,
        )

    def _status(self) -> OfflineStatus:
        named = self.settings
        return open_offline_status(
            OperatorSettings(
                registry_table=named.registry_table,
                records_table=named.records_table,
                offline_bucket=named.offline_bucket,
            )
        )


def open_reconciliation(
    settings: ReconciliationSettings, plane: Callable[[], DataPlane]
) -> StoresOfGroups:
    """Reconciliation over a data plane."""
    return StoresOfGroups(settings, plane)


def arrived(status: OfflineStatus, group: FeatureGroup) -> Arrived:
    """Until when a group's history is complete, by the offline store's status."""
    (found,) = status.of([group.name])
    if found.watermark is not None:
        return Arrived(found.watermark)
    return Arrived(None, f"until when the history is complete is unknown: {found.unknown}")
