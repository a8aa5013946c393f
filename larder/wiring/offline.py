"""The status of a platform's offline store."""

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


def open_offline_status(settings: OperatorSettings) -> OfflineStatus:
    """The status of the groups' tables, with the credentials of this process."""
    dynamodb = boto3.client("dynamodb")
    return OfflineStatus(
        registry=DynamoRegistry(BotoDynamo(dynamodb), settings.registry_table),
        tables=IcebergStates(open_catalog()),
        watermark=lambda: stream_watermark(settings),
        unwritten=UnwrittenRecords(open_failure_objects(settings.offline_bucket)),
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
