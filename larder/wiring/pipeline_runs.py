"""Runs of pipelines over DynamoDB, Athena and S3: the steps of the state machine."""

from __future__ import annotations

from functools import cache

import boto3

from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.work import PipelineWork
from larder.settings.pipelines import PipelinesSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.pipeline_definitions import declared_pipelines
from larder.wiring.pipeline_ledger import open_ledger


def open_pipeline_work(settings: PipelinesSettings) -> PipelineWork:
    """The steps but publishing, over the pipelines that the deployment declared."""
    config = background()
    s3 = boto3.client("s3", config=config)

    @cache
    def declared() -> dict[str, Pipeline]:
        address = f"s3://{settings.definitions_bucket}/{settings.definitions_key}"
        return declared_pipelines(s3, address)

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
