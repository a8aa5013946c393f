"""The heartbeat of the records table's stream."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore, DynamoRecordsStream
from larder.offline.heartbeats import Heartbeats
from larder.settings.heartbeat import HeartbeatSettings
from larder.wiring.boto import background


def open_heartbeats(settings: HeartbeatSettings) -> Heartbeats:
    """Heartbeats through the stream that the settings name."""
    config = background(read_seconds=5)
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    return Heartbeats(
        DynamoRecordsStream(
            boto3.client("dynamodbstreams", config=config), settings.records_stream
        ),
        DynamoBeatStore(dynamodb, settings.registry_table, settings.records_table),
    )
