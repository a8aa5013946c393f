"""Entry point of the offline writer: builds the object graph once, at cold start."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from lambdas.offline_writer.events import create_consumer
from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.by_format import open_tables
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.offline.adapters.quarantine import S3Quarantine
from larder.offline.write import OfflineWriter
from larder.settings.offline_writer import OfflineWriterSettings

_RESERVE_SECONDS = 5.0
"""Kept back from the function's time for the answer, so that it is never cut off mid-sentence."""

_settings = OfflineWriterSettings.from_env()
_config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 4})
_s3 = boto3.client("s3", config=_config)
_dynamodb = boto3.client("dynamodb", config=_config)
_consume = create_consumer(
    OfflineWriter(
        DynamoRegistry(_dynamodb, _settings.registry_table),
        open_tables(_s3),
        S3Quarantine(_s3, _settings.offline_bucket, _settings.quarantine_prefix),
        DynamoBeatStore(BotoDynamo(_dynamodb), _settings.registry_table).note,
    )
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Write one batch of the records table's stream, or one redriven batch."""

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVE_SECONDS

    return _consume(event, remaining)
