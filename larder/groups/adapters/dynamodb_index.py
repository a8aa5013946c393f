"""Entries by which groups are listed in an order: items of the registry table beside the groups.

    I#<order>  <place>     one for each place of a group in an order; ``name`` is the group's
    I#         complete    there once every group has its entries

An order is one partition, read in the order of its places. An entry says only where to find a
group. A reader reads the group as well, and passes over an entry that is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from larder.aws.dynamodb.api import DynamoApi, throttled
from larder.groups.feature_group import FeatureGroup
from larder.groups.listing import Bounds, GroupOrder

Item = dict[str, Any]
Key = tuple[str, str]
"""Partition key and sort key."""
COMPLETE = {"pk": {"S": "I#"}, "sk": {"S": "complete"}}
_LONGEST_PLACE = 1000
"""Bytes; DynamoDB takes 1,024, and a caller makes up a token as long as he likes."""


def partition(order: str) -> str:
    """Partition key of an order's entries."""
    return f"I#{order}"


def entry_keys(group: FeatureGroup) -> list[Key]:
    """Keys of all entries of a group; that of its name comes first."""
    return [(partition(order), place) for order in GroupOrder for place in order.places(group)]


def key_item(key: Key) -> Item:
    """A key as DynamoDB has it."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def entry_item(key: Key, name: str) -> Item:
    """The entry of that key for the group of that name."""
    return {**key_item(key), "name": {"S": name}}


def places_between(
    dynamodb: DynamoApi, table: str, order: str, bounds: Bounds, *, descending: bool, batch: int
) -> Iterator[list[tuple[str, Item]]]:
    """Entries of an order by their places, ``batch`` at first and then 100 at a time.

    The bounds are inclusive. Reads are strongly consistent.
    """
    low, high = (_cut(each) for each in bounds)
    if low > high:
        return
    request: Item = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
        "ExpressionAttributeValues": {
            ":pk": {"S": partition(order)},
            ":low": {"S": low},
            ":high": {"S": high},
        },
        "ConsistentRead": True,
        "ScanIndexForward": not descending,
        "Limit": batch,
    }
    while True:
        answer = dynamodb.call("Query", request)
        yield [(item["sk"]["S"], item) for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return
        request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": max(batch, 100)}


def read_keys(dynamodb: DynamoApi, table: str, keys: Sequence[Item]) -> Iterator[Item]:
    """The items of at most 100 keys, read strongly consistent, in any order.

    Raises:
        ThrottlingException: DynamoDB left all of the rest unread.
    """
    pending = keys
    while pending:
        ask = {table: {"Keys": pending, "ConsistentRead": True}}
        answer = dynamodb.call("BatchGetItem", {"RequestItems": ask})
        items = answer["Responses"].get(table, [])
        pending = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        if pending and not items:
            raise throttled()
        yield from items


def _cut(place: str) -> str:
    return place.encode()[:_LONGEST_PLACE].decode(errors="ignore")
