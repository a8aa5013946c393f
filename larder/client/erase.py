"""Erasure on the platform that the environment names (``larder.client.offline``)."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.s3_objects import Objects
from larder.aws.s3_versions import S3Versions
from larder.client.offline import OperatorSettings
from larder.erasure.adapters.failures import FailureErasure
from larder.erasure.adapters.iceberg import IcebergErasure
from larder.erasure.adapters.online import HardDelete, OnlineErasure
from larder.erasure.adapters.training_sets import TrainingSetSearch
from larder.erasure.erase import Erasing
from larder.errors import ServiceUnavailable
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.wiring.control_plane import now_micros


def erasing(
    settings: OperatorSettings | None = None, hard_delete: HardDelete | None = None
) -> Erasing:
    """Erasing from every place of the platform.

    ``hard_delete`` is by default DeleteRecord of the endpoint that boto3 calls for SageMaker.

    Raises:
        ConfigurationError: variables are missing; all of them are named.
    """
    named = settings or OperatorSettings.from_env()
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    return Erasing(
        registry=DynamoRegistry(dynamodb, named.registry_table),
        places=(
            OnlineErasure(dynamodb, named.records_table, hard_delete or _by_the_door()),
            IcebergErasure(open_catalog(), S3Versions(s3)),
            FailureErasure(s3, named.offline_bucket),
            TrainingSetSearch(Objects(s3), named.offline_bucket),
        ),
        clock=now_micros,
    )


def _by_the_door() -> HardDelete:
    client = boto3.client("sagemaker-featurestore-runtime")

    def hard_delete(group: str, identifier: str, event_time: str) -> None:
        try:
            client.delete_record(
                FeatureGroupName=group,
                RecordIdentifierValueAsString=identifier,
                EventTime=event_time,
                TargetStores=["OnlineStore"],  # a deletion marker offline would hold the identifier
                DeletionMode="HardDelete",
            )
        except (ClientError, BotoCoreError) as error:
            raise ServiceUnavailable(f"the record was not deleted online: {error}") from error

    return hard_delete
