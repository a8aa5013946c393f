"""What pipelines read where a definition names a feature group: its offline table."""

from __future__ import annotations

from collections.abc import Callable

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ResourceNotFound
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.pipelines.definition import Pipeline
from larder.pipelines.group_history import over_history
from larder.wiring.boto import background

Resolve = Callable[[Pipeline], Pipeline]


def open_sources(registry_table: str) -> Resolve:
    """Gives a pipeline whose source is a table or a SELECT; a group is looked up each time."""
    groups = DynamoGroups(BotoDynamo(boto3.client("dynamodb", config=background())), registry_table)

    def resolve(pipeline: Pipeline) -> Pipeline:
        named = pipeline.source.group
        if named is None:
            return pipeline
        group = groups.get(named)
        if group is None:
            raise ResourceNotFound(
                f"source.group: {named[:80]!r}, which pipeline {pipeline.group} reads, is no "
                "feature group of this stage"
            )
        return over_history(pipeline, group)

    return resolve


def open_watermark(registry_table: str) -> Callable[[], int | None]:
    """Until when the offline store is complete (microseconds), if that is proven."""
    beats = DynamoBeatStore(
        BotoDynamo(boto3.client("dynamodb", config=background())), registry_table
    )
    return lambda: beats.load().watermark
