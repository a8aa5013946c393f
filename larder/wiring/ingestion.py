"""Bulk ingestion into the stores of a platform, with this process's IAM rights."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import boto3

from larder.aws.s3_objects import Objects
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.adapters.by_format import open_bulk_tables
from larder.ingestion.adapters.journal import S3RunJournal
from larder.ingestion.adapters.newest import newest_rows
from larder.ingestion.adapters.rejects import RejectsFile, rejects_path
from larder.ingestion.adapters.rows import BulkRows
from larder.ingestion.adapters.sources import open_source
from larder.ingestion.group_lookup import patiently
from larder.ingestion.ingest import Ingestion, Job, Summary, new_run_id
from larder.ingestion.load import OnlineLoader
from larder.ingestion.options import IngestOptions
from larder.ingestion.ports import BulkSource, BulkTables
from larder.progress import Report
from larder.settings.base import Settings
from larder.wiring.data_plane import DataPlane


@dataclass(frozen=True, kw_only=True)
class IngestionSettings(Settings):
    """The platform's bucket, which keeps the journal of the runs."""

    offline_bucket: str


class OpenedSource(BulkSource, Protocol):
    """Rows and their columns."""

    @property
    def schema(self) -> Any:  # noqa: ANN401 - pyarrow is untyped
        """The columns, as Arrow has them."""


@dataclass(frozen=True, slots=True)
class BulkIngestion:
    """Runs ingestions. ``plane`` gives the data plane; its writer's grants are asked."""

    plane: Callable[[], DataPlane]
    tables: BulkTables
    objects: Objects
    bucket: str

    def run(
        self,
        group: str,
        source: Any,  # noqa: ANN401 - a frame of any library, or an address
        options: IngestOptions,
        report: Report,
    ) -> Summary:
        """Ingest a source into a group; raises as ``larder.client.ingestion`` says."""
        found = self.group(group)
        run = options.run_id or new_run_id()
        asked = replace(options, run_id=run)
        return self.run_opened(
            found, open_source(source, options.reading), options.targets(found), asked, report
        )

    def group(self, name: str) -> FeatureGroup:
        """The group of a name or ARN; raises as ``patiently``."""
        return patiently(self.plane().writer.groups, name)

    def run_opened(
        self,
        group: FeatureGroup,
        opened: OpenedSource,
        targets: frozenset[TargetStore],
        options: IngestOptions,
        report: Report,
    ) -> Summary:
        """Ingest rows that are open already, under the run id that the options have."""
        writer, run = self.plane().writer, options.run_id or new_run_id()
        path = rejects_path(options.rejects, group.name, run)
        packs = TargetStore.ONLINE in targets
        rows = BulkRows(group, opened.schema, options.columns, options.time_zone, packs)
        use_case = Ingestion(
            tables=self.tables,
            journal=S3RunJournal(self.objects, self.bucket),
            loader=OnlineLoader(
                writer.store,
                lambda name: patiently(writer.groups, name),
                writes_per_second=options.max_writes_per_second,
            ),
            newest=newest_rows,
            clock=lambda: time.time_ns() // 1000,
        )
        with RejectsFile(path) as file:
            return use_case.run(Job(group, opened, rows, targets, run, file), report)


def open_ingestion(settings: IngestionSettings, plane: Callable[[], DataPlane]) -> BulkIngestion:
    """Ingestion over a data plane, with the platform's tables and bucket."""
    s3 = boto3.client("s3")
    return BulkIngestion(plane, open_bulk_tables(s3), Objects(s3), settings.offline_bucket)
