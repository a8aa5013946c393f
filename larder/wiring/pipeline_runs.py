"""Runs of pipelines over DynamoDB, Athena and S3: the steps of the state machine."""

from __future__ import annotations

from collections.abc import Callable

import boto3
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchPropertyException,
    NoSuchTableError,
)
from pyiceberg.table import Table

from larder.aws.s3_objects import Objects
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import bucket_files, open_catalog
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.adapters.checked_parquet import CheckedParquet
from larder.pipelines.adapters.iceberg_bytes import IcebergBytes
from larder.pipelines.adapters.iceberg_commits import IcebergCommits
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.checks.check import Checks
from larder.pipelines.runs.late import LateEvents
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.spark import SparkJob
from larder.pipelines.runs.work import PipelineWork
from larder.settings.pipelines import PipelinesSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.pipeline_definitions import declared_to
from larder.wiring.pipeline_ledger import open_ledger
from larder.wiring.pipeline_sources import open_sources, open_watermark


def open_pipeline_work(settings: PipelinesSettings) -> PipelineWork:
    """The steps but publishing, over the pipelines that the deployment declared."""
    config = background()
    tables, objects = source_tables(), Objects(boto3.client("s3", config=config))
    ledger = open_ledger(settings.registry_table)
    return PipelineWork(
        Runs(ledger, now_micros, open_watermark(settings.registry_table)),
        lambda: declared_to(settings).by_name,
        AthenaUnload(
            AthenaQueries(
                boto3.client("athena", config=config), settings.workgroup, settings.glue_database
            )
        ),
        Checks(
            ledger,
            CheckedParquet(StagedParquet(bucket_files)),
            objects,
        ),
        settings.offline_bucket,
        LateEvents(ledger, IcebergCommits(tables), now_micros),
        open_sources(settings.registry_table),
        _spark_job(settings, objects, tables),
    )


def _spark_job(
    settings: PipelinesSettings, objects: Objects, tables: Callable[[str], Table | None]
) -> SparkJob | None:
    if not settings.spark_minutes:
        return None
    return SparkJob(
        lambda: declared_to(settings).spark,
        objects,
        IcebergBytes(tables),
        settings.spark_from_bytes or None,
        settings.spark_minutes,
    )


def source_tables() -> Callable[[str], Table | None]:
    """Loads Iceberg tables of the Glue catalog; others have no snapshots.

    Of a table that is not there the query says so, and its interval is marked.
    """
    catalog = open_catalog()

    def load(name: str) -> Table | None:
        try:
            return catalog.load_table(name)
        except (NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError):
            return None

    return load
