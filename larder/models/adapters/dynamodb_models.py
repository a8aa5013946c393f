"""The registry of models on DynamoDB (``larder.models.adapters.dynamodb_item`` has the layout)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi
from larder.errors import ResourceInUse
from larder.models.adapters.dynamodb_item import from_item, item_key, partition_key, to_item
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Endpoint, EndpointConfig, Item, Kind, Model

Entry = TypeVar("Entry", bound=Item)


class DynamoItems(Generic[Entry]):
    """Implements ``larder.models.registry.Items`` in the registry table.

    A write may be repeated by the client after its answer was lost: so a condition that fails is no
    refusal where the item is stored as it should be.
    """

    def __init__(self, dynamodb: DynamoApi, table_name: str, kind: Kind) -> None:
        self.kind = kind
        self._dynamodb = dynamodb
        self._table = table_name

    def get(self, name: str) -> Entry | None:
        request = {
            "TableName": self._table,
            "Key": item_key(self.kind, name),
            "ConsistentRead": True,
        }
        found = self._dynamodb.call("GetItem", request).get("Item")
        return self._read(found) if found else None

    def create(self, item: Entry) -> None:
        if not self._put(item, {"ConditionExpression": "attribute_not_exists(pk)"}):
            raise ResourceInUse(f"The name {item.name} is taken.")

    def replace(self, item: Entry) -> Entry:
        changed = replace(item, revision=item.revision + 1)
        condition = {
            "ConditionExpression": "uid = :uid AND revision = :revision",
            "ExpressionAttributeValues": {
                ":uid": {"S": item.uid},
                ":revision": {"N": str(item.revision)},
            },
        }
        if not self._put(changed, condition):
            raise ResourceInUse(f"{item.name} was changed or removed by somebody else.")
        return changed

    def remove(self, item: Entry) -> None:
        request = {
            "TableName": self._table,
            "Key": item_key(self.kind, item.name),
            "ConditionExpression": "uid = :uid",
            "ExpressionAttributeValues": {":uid": {"S": item.uid}},
        }
        try:
            self._dynamodb.call("DeleteItem", request)
        except ConditionFailed:
            return  # it is gone, or another item bears the name by now

    def list(self) -> Iterator[Entry]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": partition_key(self.kind)},
            "ConsistentRead": True,
        }
        while True:
            answer = self._dynamodb.call("Query", request)
            yield from map(self._read, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _put(self, item: Entry, condition: dict[str, Any]) -> bool:
        put = {"TableName": self._table, "Item": to_item(self.kind, item), **condition}
        try:
            self._dynamodb.call("PutItem", put)
        except ConditionFailed:
            return self.get(item.name) == item
        return True

    def _read(self, attributes: dict[str, Any]) -> Entry:
        return cast("Entry", from_item(self.kind, attributes))


def dynamo_model_registry(dynamodb: DynamoApi, table_name: str) -> ModelRegistry:
    """The registry of that table."""
    return ModelRegistry(
        models=DynamoItems[Model](dynamodb, table_name, Kind.MODEL),
        configs=DynamoItems[EndpointConfig](dynamodb, table_name, Kind.ENDPOINT_CONFIG),
        endpoints=DynamoItems[Endpoint](dynamodb, table_name, Kind.ENDPOINT),
    )
