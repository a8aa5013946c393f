"""Which served models read a feature group, asked of the endpoints' items (decision 0230)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from larder.aws.dynamodb.api import DynamoApi
from larder.errors import NewerFormat
from larder.groups.readers import Reader
from larder.models.adapters.dynamodb_item import partition_key
from larder.models.readers import readers_of
from larder.models.registry_items import Kind
from larder.models.served_json import from_json

_UNKNOWN = "(only a newer release can read it)"


class DynamoReaders:
    """Implements ``larder.groups.readers.Readers`` in the registry table.

    DynamoDB looks through the endpoints' documents and answers with those alone that name the
    group: one request for each megabyte of endpoints.
    """

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def of(self, uid: str) -> list[Reader]:
        """As the port says."""
        return [each for item in self._naming(uid) for each in _readers(item, uid)]

    def _naming(self, uid: str) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "FilterExpression": "contains(served, :uid)",
            "ProjectionExpression": "sk, served",
            "ExpressionAttributeValues": {":pk": partition_key(Kind.ENDPOINT), ":uid": {"S": uid}},
            "ConsistentRead": True,
        }
        while True:
            answer = self._dynamodb.call("Query", request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _readers(item: dict[str, Any], uid: str) -> list[Reader]:
    try:
        return list(readers_of(from_json(item["served"]["S"]), uid))
    except NewerFormat:  # it names the group: what it reads of it can't be told here
        return [Reader(item["sk"]["S"], _UNKNOWN, None)]
