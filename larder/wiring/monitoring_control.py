"""Schedules of monitoring for the control plane, over DynamoDB and S3."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.api import DynamoApi
from larder.models.catalog import ModelCatalog
from larder.monitoring.adapters.dynamodb_schedules import dynamo_watches
from larder.monitoring.adapters.s3_documents import S3Documents
from larder.monitoring.manage_schedules import Monitoring
from larder.settings.control import ControlSettings
from larder.wiring.boto import background

_READ_SECONDS = 5.0


def open_monitoring_control(
    dynamodb: DynamoApi, settings: ControlSettings, models: ModelCatalog
) -> Monitoring:
    """What schedules of monitoring are created, changed and described by."""
    places = settings.monitoring_places
    s3 = boto3.client("s3", config=background(read_seconds=_READ_SECONDS))
    return Monitoring(
        watches=dynamo_watches(dynamodb, settings.registry_table),
        models=models,
        documents=S3Documents(s3, settings.offline_bucket, places),
        places=places,
    )
