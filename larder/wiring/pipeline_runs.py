"""Runs of pipelines over DynamoDB, Athena and S3: the steps of the state machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import orjson

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ValidationError
from larder.ingestion.options import IngestOptions
from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.adapters.documents import from_json
from larder.pipelines.adapters.dynamodb_ledger import DynamoLedger
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.items import IntervalItem
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.work import PipelineWork, rows_folder
from larder.progress import silent
from larder.settings.pipelines import PipelinePublisherSettings, PipelinesSettings
from larder.settings.runtime import RuntimeSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.data_plane import open_data_plane
from larder.wiring.ingestion import BulkIngestion, IngestionSettings, open_ingestion


def open_pipeline_work(settings: PipelinesSettings) -> PipelineWork:
    """The steps but publishing, over the pipelines that the deployment declared."""
    config = background()
    s3 = boto3.client("s3", config=config)

    @cache
    def declared() -> dict[str, Pipeline]:
        found = s3.get_object(Bucket=settings.definitions_bucket, Key=settings.definitions_key)
        return from_json(found["Body"].read())

    ledger = open_ledger(settings.registry_table)
    return PipelineWork(
        Runs(ledger, now_micros),
        declared,
        AthenaUnload(
            boto3.client("athena", config=config), settings.workgroup, settings.glue_database
        ),
        StagedParquet(bucket_files),
        settings.offline_bucket,
    )


def open_ledger(registry_table: str) -> DynamoLedger:
    """The ledger of a platform, with the credentials of this process."""
    dynamodb = boto3.client("dynamodb", config=background())
    return DynamoLedger(BotoDynamo(dynamodb), registry_table)


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
        group = self.ingestion.group(item.pipeline)
        staged = StagedParquet(bucket_files).source(
            rows_folder(self.bucket, item),
            group.event_time_name,
            [each.name for each in group.features],
        )
        if staged is None:
            return 0
        with TemporaryDirectory() as folder:
            options = IngestOptions(run_id=item.run_id, rejects=Path(folder, "rejects.jsonl"))
            done = self.ingestion.run_opened(group, staged, group.stores, options, silent)
            column = _first_column(Path(done.rejects)) if done.rejected else ""
        if done.rejected:
            raise ValidationError(
                f"{done.rejected:,} of {done.rows:,} rows can't be rows of {group.name}; the first "
                f"for its column {column!r}. The rows lie in {rows_folder(self.bucket, item)}"
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
