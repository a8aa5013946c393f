"""Erasure from every place of a platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.refusals import refusal
from larder.aws.s3_objects import Objects
from larder.aws.s3_versions import S3Versions
from larder.bucket_folders import MATERIALIZE
from larder.erasure.adapters.athena_results import AthenaResultSearch
from larder.erasure.adapters.exposures import UNIT, ExposureErasure
from larder.erasure.adapters.failures import FailureErasure
from larder.erasure.adapters.hive import HiveErasure
from larder.erasure.adapters.iceberg import IcebergErasure
from larder.erasure.adapters.materialized import MaterializedErasure
from larder.erasure.adapters.online import HardDelete, OnlineErasure
from larder.erasure.adapters.staged import StagedErasure
from larder.erasure.adapters.training_sets import TrainingSetSearch
from larder.erasure.erase import Erasing
from larder.errors import ResourceNotFound, ValidationError
from larder.groups.adapters.dynamodb_lives import DynamoGroupLives
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.models.exposure_table import exposures_table
from larder.offline.adapters.iceberg.catalog import open_catalog, open_files
from larder.wiring.control_plane import now_micros
from larder.wiring.offline import OperatorSettings
from larder.wiring.sagemaker import RUNTIME, ApiSettings, sagemaker_client

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_NEVER_SEARCHED = (
    "DynamoDB's streams (24 hours) and point-in-time backups (35 days)",
    "older versions of training sets' files (the stage's noncurrent_version_days)",
    "results that a query wrote elsewhere (UNLOAD, CREATE TABLE AS), and exported copies",
    "rows that pipelines staged (pipelines/), and reports on them (consistency/, for 90 days)",
    "exposures with another unit or none, data capture files, and the inference function's log",
    "files on the machines of those who ingest: sources, rejected rows, temporary files",
)
_NO_DATABASE = "the table of exposures, whose database is not known (LARDER_DATABASE)"


@dataclass(frozen=True, kw_only=True)
class ErasingSettings(OperatorSettings):
    """As those, and the platform's Glue database, without which exposures are not erased."""

    database: str = ""


def open_erasing(settings: ErasingSettings, api: ApiSettings) -> Erasing:
    """Erasing, whose record is deleted online by DeleteRecord of the platform's API.

    Whatever else comes to hold records of groups (captures, predictions) belongs among the places.
    """
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    table, bucket = settings.registry_table, settings.offline_bucket
    return Erasing(
        lives=DynamoGroupLives(dynamodb, table, DynamoRegistry(BotoDynamo(dynamodb), table)),
        places=(
            OnlineErasure(dynamodb, settings.records_table, hard_delete_by(api)),
            IcebergErasure(open_catalog(), S3Versions(s3)),
            HiveErasure(s3, open_files(), S3Versions(s3)),
            StagedErasure(s3, bucket),
            FailureErasure(s3, bucket),
            MaterializedErasure(s3, bucket, MATERIALIZE),
            TrainingSetSearch(Objects(s3), bucket),
            AthenaResultSearch(s3, bucket),
        ),
        clock=now_micros,
        never_searched=_NEVER_SEARCHED if settings.database else (_NO_DATABASE, *_NEVER_SEARCHED),
        exposures=_exposures(s3, settings) if settings.database else None,
    )


def _exposures(s3: S3Client, settings: ErasingSettings) -> ExposureErasure:
    return ExposureErasure(
        exposures_table(settings.database, settings.offline_bucket),
        IcebergErasure(open_catalog(), S3Versions(s3), UNIT),
        s3,
        settings.offline_bucket,
    )


def hard_delete_by(api: ApiSettings) -> HardDelete:
    """DeleteRecord of the platform's API, hard and online alone."""

    def hard_delete(group: str, identifier: str, event_time: str) -> None:
        client = sagemaker_client(RUNTIME, api)
        try:
            client.delete_record(
                FeatureGroupName=group,
                RecordIdentifierValueAsString=identifier,
                EventTime=event_time,
                TargetStores=["OnlineStore"],  # a tombstone offline would hold the identifier
                DeletionMode="HardDelete",
            )
        except (ClientError, BotoCoreError) as error:
            refused = {"ValidationError": ValidationError, "ResourceNotFound": ResourceNotFound}
            raise refusal("the record was not deleted online", error, refused) from error

    return hard_delete
