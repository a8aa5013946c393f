"""Entry point of the heartbeat: one round through every shard of the records table's stream."""

from __future__ import annotations

from typing import Any

import boto3
import orjson
from botocore.config import Config

from larder.aws.dynamodb.boto import BotoDynamo
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore, DynamoRecordsStream
from larder.offline.heartbeats import Heartbeats
from larder.settings.heartbeat import HeartbeatSettings

_RESERVE_SECONDS = 5.0
"""Kept back for saving what was learnt."""

_settings = HeartbeatSettings.from_env()
_config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
_heartbeats = Heartbeats(
    DynamoRecordsStream(boto3.client("dynamodbstreams", config=_config), _settings.records_stream),
    DynamoBeatStore(
        BotoDynamo(boto3.client("dynamodb", config=_config)),
        _settings.registry_table,
        _settings.records_table,
    ),
)


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Send one round; tells how far all is proven to be visible, in µs since the epoch."""

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVE_SECONDS

    beats = _heartbeats.beat(remaining=remaining)
    told = {"watermark": beats.watermark, "shards": len(beats.keys), "waiting": len(beats.rounds)}
    print(orjson.dumps({"level": "INFO", "message": "heartbeats sent", **told}).decode())
    return told
