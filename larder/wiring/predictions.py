"""Runs of predictions over DynamoDB, Athena and S3: the steps of their state machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import bucket_files, open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.adapters.checked_parquet import CheckedParquet
from larder.pipelines.adapters.dynamodb_ledger import PREDICTIONS, DynamoLedger
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.checks.check import Checks
from larder.pipelines.durations import DAY
from larder.pipelines.runs.plan import Runs
from larder.predictions.adapters.documents import from_json
from larder.predictions.adapters.duckdb_drift import DuckDrift
from larder.predictions.adapters.packages import RegistryPackages
from larder.predictions.definition import Prediction
from larder.predictions.gate import Gate
from larder.predictions.work import PredictionWork
from larder.settings.predictions import PredictionsSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.published_documents import published

_LOOKS_BACK: Final = 400 * DAY
"""Predictions run as seldom as once a month, and are compared with several earlier runs."""


def open_prediction_work(settings: PredictionsSettings) -> PredictionWork:
    """The steps but scoring and publishing, over the predictions that were deployed."""
    config = background()
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    objects = Objects(boto3.client("s3", config=config))
    ledger = DynamoLedger(dynamodb, settings.registry_table, PREDICTIONS)
    staged = StagedParquet(bucket_files)
    athena = boto3.client("athena", config=config)
    return PredictionWork(
        runs=Runs(ledger, now_micros),
        predictions=lambda: _declared_to(settings),
        packages=RegistryPackages(dynamo_model_registry(dynamodb, settings.registry_table)),
        groups=DynamoGroups(dynamodb, settings.registry_table),
        versions=IcebergVersions(open_catalog()),
        engine=AthenaUnload(AthenaQueries(athena, settings.workgroup, settings.glue_database)),
        documents=objects,
        gate=Gate(
            Checks(ledger, CheckedParquet(staged), objects, least_back=_LOOKS_BACK),
            DuckDrift(staged),
        ),
        bucket=settings.offline_bucket,
    )


@cache
def _declared_to(settings: PredictionsSettings) -> Mapping[str, Prediction]:
    address = f"s3://{settings.definitions_bucket}/{settings.definitions_key}"
    return read_predictions(boto3.client("s3", config=background()), address)


def read_predictions(s3: Any, address: str) -> Mapping[str, Prediction]:  # noqa: ANN401 - boto3's
    """The document at an address of S3, which a stage publishes.

    Raises:
        ConfigurationError: the address is empty.
        LarderError: S3 refused.
    """
    return from_json(published(s3, address, "predictions"))
