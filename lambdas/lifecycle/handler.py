"""Entry point of the lifecycle function: builds the object graph once, at cold start."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from lambdas.lifecycle.events import create_consumer
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.lifecycle.adapters.dynamodb_purge import DynamoPurge
from larder.lifecycle.adapters.eventbridge import EventBridge
from larder.lifecycle.advance import Lifecycle
from larder.offline.adapters.by_format import open_tables
from larder.settings.lifecycle import LifecycleSettings

_RESERVE_SECONDS = 5.0
"""Kept back from the function's time for the answer, so that it is never cut off mid-sentence."""

_settings = LifecycleSettings.from_env()
_config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 4})
_dynamodb = boto3.client("dynamodb", config=_config)
_consume = create_consumer(
    Lifecycle(
        registry=DynamoRegistry(_dynamodb, _settings.registry_table),
        tables=open_tables(boto3.client("s3", config=_config)),
        records=DynamoPurge(_dynamodb, _settings.records_table),
        group_cache_seconds=_settings.group_cache_seconds,
    ),
    EventBridge(boto3.client("events", config=_config)).publish,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Follow one batch of the registry's stream, or sweep all groups."""

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVE_SECONDS

    return _consume(event, remaining)
