"""Leases of offline tables as items of the registry table: ``C#<uid>`` ``lease``.

    o  (S)   who took it last
    t  (N)   when it runs out, in milliseconds since the epoch; 0 once it was given back
    d  (SS)  keys of staged batches whose rows for the table are in it, if there are any
    f  (S)   who gave it back because storage or catalog failed; absent after a commit

A clock that is wrong costs a refused commit at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi, Item
from larder.offline.turns import Lease

_MOST_KEYS = 100
"""Of one BatchGetItem. Source: DynamoDB, "BatchGetItem"."""


@dataclass(frozen=True, slots=True)
class DynamoLeases:
    """Implements ``larder.offline.turns.Leases``; ``clock`` gives Unix time."""

    dynamodb: DynamoApi
    table_name: str
    clock: Callable[[], float] = time.time

    def take(self, uid: str, owner: str, *, seconds: float) -> Lease:
        now = int(self.clock() * 1000)
        values = {
            ":owner": {"S": owner},
            ":now": {"N": str(now)},
            ":until": {"N": str(now + int(seconds * 1000))},
        }
        request = self._change(uid, "SET o = :owner, t = :until", values) | {
            # an owner may ask twice, where the first answer was lost
            "ConditionExpression": "attribute_not_exists(t) OR t < :now OR o = :owner",
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            item = self.dynamodb.call("UpdateItem", request)["Attributes"]
        except ConditionFailed as refused:
            item = refused.item or {"o": {"S": "another"}, "t": {"N": str(now)}}
        return self._lease(item, now)

    def look(self, uids: Sequence[str]) -> Mapping[str, Lease]:
        found: dict[str, Lease] = {}
        for start in range(0, len(uids), _MOST_KEYS):
            found |= self._look(uids[start : start + _MOST_KEYS])
        return found

    def release(
        self, uid: str, owner: str, committed: Collection[str] | None, *, failed: bool = False
    ) -> None:
        values: Item = {":owner": {"S": owner}, ":given_back": {"N": "0"}}
        kept, gone = ["t = :given_back"], []
        if failed:
            kept.append("f = :owner")
        else:
            gone.append("f")
        if committed:
            kept.append("d = :keys")
            values[":keys"] = {"SS": sorted(committed)}
        elif committed is not None:
            gone.append("d")
        change = f"SET {', '.join(kept)}"
        if gone:
            change += f" REMOVE {', '.join(gone)}"
        request = self._change(uid, change, values) | {"ConditionExpression": "o = :owner"}
        try:
            self.dynamodb.call("UpdateItem", request)
        except ConditionFailed:  # it ran out, and another has it
            return

    def _look(self, uids: Sequence[str]) -> dict[str, Lease]:
        now = int(self.clock() * 1000)
        keys = [_key(uid) for uid in uids]
        ask = {self.table_name: {"Keys": keys, "ConsistentRead": True}}
        answer = self.dynamodb.call("BatchGetItem", {"RequestItems": ask})
        unseen = answer.get("UnprocessedKeys", {}).get(self.table_name, {}).get("Keys", [])
        leases = dict.fromkeys(uids, Lease())
        for item in answer["Responses"].get(self.table_name, []):
            leases[_uid(item)] = self._lease(item, now)
        for key in unseen:
            del leases[_uid(key)]
        return leases

    def _lease(self, item: Item, now: int) -> Lease:
        is_held = "t" in item and int(item["t"]["N"]) >= now
        owner = item["o"]["S"] if is_held else None
        committed = frozenset(item.get("d", {}).get("SS", ()))
        return Lease(owner, committed, item.get("f", {}).get("S"))

    def _change(self, uid: str, change: str, values: Item) -> Item:
        return {
            "TableName": self.table_name,
            "Key": _key(uid),
            "UpdateExpression": change,
            "ExpressionAttributeValues": values,
        }


def _key(uid: str) -> Item:
    return {"pk": {"S": f"C#{uid}"}, "sk": {"S": "lease"}}


def _uid(item: Item) -> str:
    uid: str = item["pk"]["S"].removeprefix("C#")
    return uid
