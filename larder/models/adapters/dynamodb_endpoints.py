"""Endpoints as invocations read them, from the registry table."""

from __future__ import annotations

from larder.aws.dynamodb.api import DynamoApi
from larder.models.adapters.dynamodb_item import item_key
from larder.models.registry_items import Kind
from larder.models.served import ServedEndpoint
from larder.models.served_json import from_json


class DynamoEndpoints:
    """Implements ``larder.models.ports.Endpoints``; raises as ``DynamoApi.call`` does."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def get(self, name: str) -> ServedEndpoint | None:
        request = {
            "TableName": self._table,
            "Key": item_key(Kind.ENDPOINT, name),
            "ConsistentRead": True,
            "ProjectionExpression": "served",
        }
        item = self._dynamodb.call("GetItem", request).get("Item")
        return from_json(item["served"]["S"]) if item else None
