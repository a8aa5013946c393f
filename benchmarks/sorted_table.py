"""DynamoDB in this process, as far as listings ask it; what they read is counted.

moto looks at every item for each query, which takes seconds in a table of thousands.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from larder.aws.dynamodb.api import Item, Refusal
from larder.aws.retries import Attempt

Answer = tuple[Item, list[Item]]


class SortedTable:
    """``DynamoApi`` over items that never change."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._partitions: dict[str, dict[str, Item]] = {}
        for item in items:
            pk, sk = _key(item)
            self._partitions.setdefault(pk, {})[sk] = item
        self._sorted = {pk: sorted(items) for pk, items in self._partitions.items()}
        self._requests = self._items = 0

    def call(
        self,
        operation: str,
        request: Item,
        attempt: Attempt | None = None,  # noqa: ARG002 - nothing is repeated
    ) -> Item:
        """See ``DynamoApi.call``."""
        answers = {"GetItem": self._one, "BatchGetItem": self._several, "Query": self._range}
        answer, items = answers[operation](request)
        self._requests += 1
        self._items += len(items)
        return answer

    def call_all(self, operation: str, requests: Sequence[Item]) -> list[Item | Refusal]:
        """See ``DynamoApi.call_all``."""
        return [self.call(operation, request) for request in requests]

    def take(self) -> tuple[int, int]:
        """Requests, and items read by them, since this was asked last."""
        counted, self._requests, self._items = (self._requests, self._items), 0, 0
        return counted

    def _item(self, key: Item) -> Item | None:
        pk, sk = _key(key)
        return self._partitions.get(pk, {}).get(sk)

    def _one(self, request: Item) -> Answer:
        item = self._item(request["Key"])
        return ({"Item": item}, [item]) if item else ({}, [])

    def _several(self, request: Item) -> Answer:
        ((table, asked),) = request["RequestItems"].items()
        found = [item for key in asked["Keys"] if (item := self._item(key))]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}, found

    def _range(self, request: Item) -> Answer:
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        keys = self._sorted.get(values[":pk"], [])
        if ":features" in values:
            keys = [key for key in keys if key.startswith(values[":features"])]
        elif ":low" in values:
            keys = keys[bisect_left(keys, values[":low"]) : bisect_right(keys, values[":high"])]
        if not request.get("ScanIndexForward", True):
            keys = keys[::-1]
        if "ExclusiveStartKey" in request:
            keys = keys[keys.index(request["ExclusiveStartKey"]["sk"]["S"]) + 1 :]
        shown = keys[: request.get("Limit", len(keys))]
        items = [self._partitions[values[":pk"]][key] for key in shown]
        answer: Item = {"Items": items, "Count": len(items)}
        if len(keys) > len(shown):
            answer["LastEvaluatedKey"] = {name: items[-1][name] for name in ("pk", "sk")}
        return answer, items


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
