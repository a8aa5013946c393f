"""The exposure writer over S3, Glue and Lambda."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.models.adapters.inference_scoring import InferenceScorer
from larder.models.adapters.s3_exposures import (
    S3CaptureStore,
    S3LineQuarantine,
    S3ParkedDeliveries,
)
from larder.models.exposure_table import TABLE, exposures_table
from larder.models.keep_exposures import ExposureKeeper
from larder.models.park_exposures import ParkedExposures
from larder.models.record_exposures import ExposureRecorder
from larder.offline.adapters.by_format import open_tables
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.redrive import S3FailureObjects
from larder.offline.adapters.staged_rows import S3StagedRows
from larder.offline.adapters.upkeep_by_format import open_upkeep
from larder.offline.one_committer import OneCommitter
from larder.offline.upkeep import UpkeepRules
from larder.settings.exposure_writer import ExposureWriterSettings
from larder.wiring.boto import background

_SCORING_SECONDS = 30.0
"""As long as the inference function may run."""


@dataclass(frozen=True, slots=True)
class ExposureWriting:
    """The use case of a batch of lines, and those of the schedule."""

    recorder: ExposureRecorder
    parked: ParkedExposures
    keeper: ExposureKeeper


def open_exposure_writing(settings: ExposureWriterSettings) -> ExposureWriting:
    """The writer of the table and the bucket that the settings name."""
    config = background()
    s3, dynamodb = boto3.client("s3", config=config), boto3.client("dynamodb", config=config)
    scoring = boto3.client("lambda", config=background(read_seconds=_SCORING_SECONDS))
    tables = OneCommitter(
        open_tables(s3),
        DynamoLeases(BotoDynamo(dynamodb), settings.registry_table),
        S3StagedRows(s3, settings.offline_bucket, TABLE),
        new_id=lambda: uuid4().hex,
    )
    table = exposures_table(settings.glue_database, settings.offline_bucket)
    recorder = ExposureRecorder(
        table,
        tables,
        S3LineQuarantine(s3, settings.offline_bucket),
        S3CaptureStore(s3, settings.capture_below),
        InferenceScorer(scoring, settings.inference_function),
    )
    rules = UpkeepRules(snapshot_days=settings.snapshot_days, orphan_hours=settings.orphan_hours)
    objects = S3FailureObjects(s3, settings.offline_bucket)
    parked = ParkedExposures(S3ParkedDeliveries(objects))
    return ExposureWriting(recorder, parked, ExposureKeeper(table, tables, open_upkeep(s3), rules))
