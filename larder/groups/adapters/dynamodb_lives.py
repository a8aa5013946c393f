"""Every group that bears a name, or bore it before it was deleted.

Deleted groups are known by their uid alone, so the registry is scanned: it holds an item per group
and annotation, and who asks is an operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from larder.aws.dynamodb.errors import translated_errors
from larder.groups.adapters.dynamodb_item import GROUP_SORT_KEY, from_item
from larder.groups.feature_group import FeatureGroup
from larder.groups.ports import Registry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoGroupLives:
    """Implements ``larder.erasure.erase.GroupLives`` on the registry table."""

    client: DynamoDBClient
    table_name: str
    present: Registry

    def lives(self, name: str) -> Iterator[FeatureGroup]:
        group = self.present.get(name)
        deleted = sorted(self._deleted(name), key=lambda each: each.creation_time, reverse=True)
        if group is not None:
            yield group
        yield from (each for each in deleted if group is None or each.uid != group.uid)

    def _deleted(self, name: str) -> Iterator[FeatureGroup]:
        """A living group's item by its uid has no document; that of a deleted one has its last."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table_name,
            FilterExpression="begins_with(pk, :uid) AND sk = :group AND #name = :name "
            "AND attribute_exists(doc)",
            ExpressionAttributeNames={"#name": "name"},
            ExpressionAttributeValues={
                ":uid": {"S": "U#"},
                ":group": GROUP_SORT_KEY,
                ":name": {"S": name},
            },
            ConsistentRead=True,
        )
        with translated_errors():
            for page in pages:
                yield from (from_item(item) for item in page["Items"])
