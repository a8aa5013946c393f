"""Feature groups read from the registry table, through whichever client of DynamoDB."""

from __future__ import annotations

from larder.aws.dynamodb.api import DynamoApi, Item
from larder.groups.adapters.dynamodb_item import from_item, name_key, uid_key
from larder.groups.feature_group import FeatureGroup


class DynamoGroups:
    """The reads of ``Registry`` by key; strongly consistent. Raises as ``DynamoApi.call`` does."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def get(self, name: str) -> FeatureGroup | None:
        item = self._item(name_key(name))
        return from_item(item) if item else None

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        item = self._item(uid_key(uid))
        if item is None or "doc" in item:
            return from_item(item) if item else None
        group = self.get(item["name"]["S"])
        if group is not None and group.uid == uid:
            return group
        item = self._item(uid_key(uid))  # it was removed between the two reads
        return from_item(item) if item and "doc" in item else None

    def _item(self, key: Item) -> Item | None:
        request = {"TableName": self._table, "Key": key, "ConsistentRead": True}
        return self._dynamodb.call("GetItem", request).get("Item")
