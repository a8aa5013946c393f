"""Operators' use of the offline store, on the platform that the environment names.

``LARDER_REGISTRY_TABLE``, ``LARDER_RECORDS_TABLE``, ``LARDER_OFFLINE_BUCKET``: outputs of the
stacks, or of ``make env``; and the AWS SDK's own variables.
"""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ConfigurationError
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore, DynamoRecordsStream
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.status import IcebergStates
from larder.offline.adapters.unwritten import UnwrittenRecords
from larder.offline.heartbeats import look
from larder.offline.status import OfflineStatus
from larder.settings.base import Settings
from larder.wiring.control_plane import now_micros
from larder.wiring.redrive import open_failure_objects


@dataclass(frozen=True, kw_only=True)
class OperatorSettings(Settings):
    """Where the platform keeps groups, records and history."""

    registry_table: str
    records_table: str
    offline_bucket: str


def offline_status(settings: OperatorSettings | None = None) -> OfflineStatus:
    """The status of the platform that settings, by default the environment, name.

    Raises:
        ConfigurationError: variables are missing; all of them are named.
    """
    named = settings or OperatorSettings.from_env()
    dynamodb = boto3.client("dynamodb")
    return OfflineStatus(
        registry=DynamoRegistry(dynamodb, named.registry_table),
        tables=IcebergStates(open_catalog()),
        watermark=lambda: stream_watermark(named),
        unwritten=UnwrittenRecords(open_failure_objects(named.offline_bucket)),
        clock=now_micros,
    )


def stream_watermark(settings: OperatorSettings) -> int | None:
    """How far the records table's stream is proven to have been written; ``None``: unknown."""
    dynamodb = boto3.client("dynamodb")
    table = dynamodb.describe_table(TableName=settings.records_table)["Table"]
    arn = table.get("LatestStreamArn")
    if arn is None:
        raise ConfigurationError(f"the table {settings.records_table} has no stream")
    stream = DynamoRecordsStream(boto3.client("dynamodbstreams"), arn)
    store = DynamoBeatStore(BotoDynamo(dynamodb), settings.registry_table)
    return look(store, stream.open_shards(), now_micros()).watermark
