"""What pipelines read where a definition names a feature group: its offline table."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

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
    """Gives a pipeline whose source is a table or a SELECT; a group is looked up each time.

    Its client is made when a group is first asked for: a cold start does not pay for it.
    """

    @cache
    def groups() -> DynamoGroups:
        return DynamoGroups(_dynamo(), registry_table)

    def resolve(pipeline: Pipeline) -> Pipeline:
        named = pipeline.source.group
        if named is None:
            return pipeline
        group = groups().get(named)
        if group is None:
            raise ResourceNotFound(
                f"source.group: {named[:80]!r}, which pipeline {pipeline.group} reads, is no "
                "feature group of this stage"
            )
        return over_history(pipeline, group)

    return resolve


def open_watermark(registry_table: str) -> Callable[[], int | None]:
    """Until when the offline store is complete (microseconds), if that is proven.

    Its client is made when it is first asked for.
    """

    @cache
    def beats() -> DynamoBeatStore:
        return DynamoBeatStore(_dynamo(), registry_table)

    return lambda: beats().load().watermark


def _dynamo() -> BotoDynamo:
    return BotoDynamo(boto3.client("dynamodb", config=background()))
