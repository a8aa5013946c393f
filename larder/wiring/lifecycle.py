"""The lifecycle of feature groups over DynamoDB, S3, Glue and EventBridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.api.state_change import StateChange
from larder.groups.feature_group import FeatureGroup
from larder.lifecycle.adapters.dynamodb_purge import DynamoPurge
from larder.lifecycle.adapters.dynamodb_stream import changed_group, group_in_new_state
from larder.lifecycle.adapters.eventbridge import EventBridge
from larder.lifecycle.advance import Lifecycle
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.dynamodb_stream import model_change
from larder.models.deploy import end_all_forgotten
from larder.offline.adapters.by_format import open_tables
from larder.settings.lifecycle import LifecycleSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLifecycle:
    """The use case, what announces states, and what reads a record of the registry's stream.

    Attributes:
        lifecycle: advances a group by its name.
        publish: announces a state; raises ``ServiceUnavailable`` or ``AccessForbidden``.
        end_updates: ends updates of endpoints that were forgotten, and names the endpoints.
        changed_group: the name of the group that a record is about, if it is about one.
        group_in_new_state: the group, where the record is a change of its state.
        model_change: the event of a model or an endpoint, where the record is a change of state.
    """

    lifecycle: Lifecycle
    publish: Callable[[StateChange], None]
    end_updates: Callable[[], list[str]] = list
    changed_group: Callable[[Mapping[str, Any]], str | None] = changed_group
    group_in_new_state: Callable[[Mapping[str, Any]], FeatureGroup | None] = group_in_new_state
    model_change: Callable[[Mapping[str, Any]], StateChange | None] = model_change


def open_lifecycle(settings: LifecycleSettings) -> GroupLifecycle:
    """The lifecycle of the groups in the registry that the settings name."""
    config = background()
    dynamodb = boto3.client("dynamodb", config=config)
    lifecycle = Lifecycle(
        registry=DynamoRegistry(BotoDynamo(dynamodb), settings.registry_table),
        tables=open_tables(boto3.client("s3", config=config)),
        records=DynamoPurge(dynamodb, settings.records_table),
        group_cache_seconds=settings.group_cache_seconds,
        bucket=settings.offline_bucket,
    )
    endpoints = dynamo_model_registry(BotoDynamo(dynamodb), settings.registry_table).endpoints
    bus = EventBridge(boto3.client("events", config=config))
    return GroupLifecycle(
        lifecycle=lifecycle,
        publish=bus.publish,
        end_updates=lambda: end_all_forgotten(endpoints, now_micros()),
    )
