"""Runs of pipelines over DynamoDB, Athena and S3: the steps of the state machine."""

from __future__ import annotations

from functools import cache

import boto3

from larder.aws.s3_objects import Objects
from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.adapters.checked_parquet import CheckedParquet
from larder.pipelines.adapters.documents import from_json
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.checks.check import Checks
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.work import PipelineWork
from larder.settings.pipelines import PipelinesSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.pipeline_ledger import open_ledger


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
        Checks(ledger, CheckedParquet(StagedParquet(bucket_files)), Objects(s3)),
        settings.offline_bucket,
    )
