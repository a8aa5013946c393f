"""Leases of offline tables as items of the registry table: ``C#<uid>`` ``lease``.

``o`` is who took it last. ``t`` (N) is when it runs out, in milliseconds since the epoch; 0 once it
was given back. A clock that is wrong costs a refused commit at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi, Item


@dataclass(frozen=True, slots=True)
class DynamoLeases:
    """Implements ``larder.offline.one_committer.Leases``; ``clock`` gives Unix time."""

    dynamodb: DynamoApi
    table_name: str
    clock: Callable[[], float] = time.time

    def take(self, uid: str, owner: str, *, seconds: float) -> bool:
        now = int(self.clock() * 1000)
        free, compared = "attribute_not_exists(pk) OR t < :now", {":now": {"N": str(now)}}
        return self._put(uid, owner, now + int(seconds * 1000), free, compared)

    def release(self, uid: str, owner: str) -> None:
        self._put(uid, owner, 0, "o = :owner", {":owner": {"S": owner}})

    def _put(self, uid: str, owner: str, until: int, condition: str, compared: Item) -> bool:
        key = {"pk": {"S": f"C#{uid}"}, "sk": {"S": "lease"}}
        request = {
            "TableName": self.table_name,
            "Item": {**key, "o": {"S": owner}, "t": {"N": str(until)}},
            "ConditionExpression": condition,
            "ExpressionAttributeValues": compared,
        }
        try:
            self.dynamodb.call("PutItem", request)
        except ConditionFailed:
            return False
        return True
