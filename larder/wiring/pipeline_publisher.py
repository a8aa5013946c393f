"""The step of a pipeline run that writes both stores, over bulk ingestion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from larder.errors import ValidationError
from larder.ingestion.options import IngestOptions
from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.runs.items import IntervalItem
from larder.pipelines.runs.work import run_folders
from larder.progress import silent
from larder.settings.pipelines import PipelinePublisherSettings
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import open_data_plane
from larder.wiring.ingestion import BulkIngestion, IngestionSettings, open_ingestion


@dataclass(frozen=True, slots=True)
class StagedRun:
    """Staged rows: where they lie, the id of their ingestion, and columns that are no features."""

    group: str
    folder: str
    run_id: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publisher:
    """Puts the rows of a run into both stores, each exactly once."""

    ingestion: BulkIngestion
    bucket: str

    def publish(self, item: IntervalItem) -> int:
        """How many rows of the run are in the history; all of them, however often it is called.

        Raises:
            ValidationError: a row can't be one of the group. The other rows are published.
        """
        rows = run_folders(self.bucket, item).rows
        return self.publish_rows(StagedRun(item.pipeline, rows, item.published_run))

    def publish_rows(self, staged: StagedRun) -> int:
        """The same of rows that lie anywhere below a folder the publisher may read."""
        group = self.ingestion.group(staged.group)
        source = StagedParquet(bucket_files).source(
            staged.folder, group.event_time_name, [each.name for each in group.features]
        )
        if source is None:
            return 0
        with TemporaryDirectory() as folder:
            options = IngestOptions(
                run_id=staged.run_id,
                rejects=Path(folder, "rejects.jsonl"),
                columns=dict.fromkeys(staged.left_out, ""),
            )
            done = self.ingestion.run_opened(group, source, group.stores, options, silent)
            column = _first_column(Path(done.rejects)) if done.rejected else ""
        if done.rejected:
            raise ValidationError(
                f"{done.rejected:,} of {done.rows:,} rows can't be rows of {group.name}; the first "
                f"for its column {column!r}. The rows lie in {staged.folder}"
            )
        return done.rows


def _first_column(rejects: Path) -> str:
    """The column for which a row was refused first; its value stays out of messages."""
    with rejects.open(encoding="utf-8") as lines:
        return str(orjson.loads(next(lines))["column"])


def open_publisher(settings: PipelinePublisherSettings) -> Publisher:
    """The publisher into the stores that the settings name."""
    bucket = settings.offline_bucket
    runtime = RuntimeSettings(
        registry_table=settings.registry_table,
        records_table=settings.records_table,
        account_id=settings.account_id,
        region=settings.region,
        partition=settings.partition,
    )
    plane = open_data_plane(runtime)
    return Publisher(
        open_ingestion(IngestionSettings(offline_bucket=bucket), lambda: plane), bucket
    )
