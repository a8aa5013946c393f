"""Bulk in, from Python, on the platform that the environment names.

    from larder.client.ingestion import IngestOptions, ingestion

    done = ingestion().ingest("customers", frame_or_address, IngestOptions(to="both"))
    print(done.rows, done.rejected, done.rejects)

The environment is that of ``make env``, or of a deployed platform: what ``larder.client`` needs
(``LARDER_REGISTRY_TABLE`` and so on), ``LARDER_OFFLINE_BUCKET``, and the AWS SDK's own variables.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from larder.aws.s3_objects import Objects
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.adapters.iceberg import IcebergBulk
from larder.ingestion.adapters.journal import S3RunJournal
from larder.ingestion.adapters.newest import newest_rows
from larder.ingestion.adapters.rejects import RejectsFile
from larder.ingestion.adapters.rows import BulkRows
from larder.ingestion.adapters.sources import open_source
from larder.ingestion.ingest import Ingestion, Job, Summary
from larder.ingestion.load import OnlineLoader
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.progress import Report, silent
from larder.records.values import target_stores
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import DataPlane, open_data_plane

__all__ = ["IngestOptions", "IngestionClient", "IngestionSettings", "Summary", "ingestion"]
_STORES = {
    "offline": frozenset({TargetStore.OFFLINE}),
    "online": frozenset({TargetStore.ONLINE}),
    "both": frozenset(TargetStore),
}


@dataclass(frozen=True, kw_only=True)
class IngestionSettings(RuntimeSettings):
    """The data plane's settings, and the platform's bucket, which keeps the runs' journal."""

    offline_bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """How a source is ingested.

    Attributes:
        to: ``offline`` (the history), ``online`` (each record's newest version) or ``both``.
        run_id: the id under which a run that was interrupted goes on; by default a new one.
        rejects: where rows that can't be taken go, with the reasons: .jsonl, .csv or .parquet.
        columns: features by the names of the source's columns, where those have others; an empty
            one leaves its column out.
        time_zone: what times without a zone are in.
        max_writes_per_second: of the online store.
    """

    to: str = "offline"
    run_id: str | None = None
    rejects: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    max_writes_per_second: float = 1000.0

    def targets(self, group: FeatureGroup) -> frozenset[TargetStore]:
        """The stores that rows go to.

        Raises:
            ValidationError: there is no such store, or the group lacks it.
        """
        if self.to not in _STORES:
            raise ValidationError(f"{self.to!r} is no store: rows go to {', '.join(_STORES)}")
        return target_stores(group, _STORES[self.to])

    def event_time_column(self, group: FeatureGroup) -> str:
        """The column that is the group's event time."""
        name = group.event_time_name
        return next((column for column, feature in self.columns.items() if feature == name), name)


DEFAULTS = IngestOptions()


@dataclass(frozen=True, slots=True)
class IngestionClient:
    """Ingests rows with this process's IAM rights, directly into the stores."""

    plane: DataPlane
    tables: IcebergBulk
    objects: Objects
    bucket: str

    def ingest(
        self,
        group: str,
        source: Any,  # noqa: ANN401 - a frame of any library, or an address
        options: IngestOptions = DEFAULTS,
        report: Report = silent,
    ) -> Summary:
        """Ingest a pandas, Polars or Arrow frame, or files: Parquet, CSV, Arrow, Feather.

        ``source`` is a frame, or the address of a file, a folder or a pattern, on this machine or
        ``s3://``; ``report`` is told how far it is.

        Raises:
            ResourceNotFound, ValidationError: there is no such group, or the source does not fit
                it as a whole. Single rows that don't fit are rejected, not raised.
            ThrottlingException, ServiceUnavailable, TableUnusable, AccessForbidden: a store did
                not take it; the same run id goes on from there.
        """
        found = self.plane.writer.groups.get(group)
        targets, run = options.targets(found), options.run_id or new_run_id()
        path = options.rejects or Path(f"{found.name}-{run}-rejects.jsonl")
        opened = open_source(source, options.event_time_column(found))
        packs = TargetStore.ONLINE in targets
        rows = BulkRows(found, opened.schema, options.columns, options.time_zone, packs)
        with RejectsFile(path) as file:
            job = Job(found, opened, rows, targets, run, file)
            return self._ingestion(options.max_writes_per_second).run(job, report)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.plane.close()

    def _ingestion(self, rate: float) -> Ingestion:
        return Ingestion(
            tables=self.tables,
            journal=S3RunJournal(self.objects, self.bucket),
            loader=OnlineLoader(self.plane.writer.store, writes_per_second=rate),
            newest=newest_rows,
            clock=lambda: time.time_ns() // 1000,
        )


def new_run_id() -> str:
    """An id of a run that nobody else has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def ingestion(settings: IngestionSettings | None = None) -> IngestionClient:
    """Ingestion into the platform that settings, by default the environment, name.

    Raises:
        ConfigurationError: variables are missing; all of them are named.
    """
    named = settings or IngestionSettings.from_env()
    return IngestionClient(
        open_data_plane(named),
        IcebergBulk(open_catalog()),
        Objects(boto3.client("s3")),
        named.offline_bucket,
    )
