"""The record store in DynamoDB: reads by key, each write one conditional UpdateItem or PutItem.

A write replaces a version's attributes but keeps the item's life and the life's beginning (``l``,
``b``). Only a hard delete changes these. Where a condition fails DynamoDB returns the item that was
in the way (``ReturnValuesOnConditionCheckFailure``). So a historic write costs no read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi, Refusal
from larder.aws.retries import Attempt, Retries
from larder.errors import NewerFormat, ServiceUnavailable, ThrottlingException
from larder.event_time import NANOS
from larder.records.adapters.dynamodb_item import (
    KEEP_SECONDS,
    Item,
    from_item,
    item_key,
    key_parts,
    log_key,
    record_key,
    record_partition,
    to_attributes,
)
from larder.records.ports import Consistency, Page, Reads, Refused, Write
from larder.records.record import RecordVersion, Slot, State
from larder.telemetry.newer import readable

_ABSENT = "attribute_not_exists(pk) OR d = :hard OR x <= :now"
_NEWER = "e < :e OR (e = :e AND (attribute_exists(d) OR w < :w))"
_NOT_HIDDEN = "(attribute_not_exists(d) OR d <> :hard)"
_PUT = {
    State.LIVE: f"{_ABSENT} OR {_NEWER}",
    State.SOFT_DELETED: f"{_ABSENT} OR e < :e OR (e = :e AND attribute_exists(d) AND w < :w)",
    State.HARD_DELETED: f"{_ABSENT} OR e < :e",
}
_LOAD = (
    "attribute_not_exists(pk) OR ((attribute_not_exists(b) OR b < :accepted) AND "
    f"(((d = :hard OR x <= :now) AND w < :accepted) OR ({_NOT_HIDDEN} AND ({_NEWER}))))"
)
"""``:now`` is the instant of acceptance here: what is stored must have been absent then."""
_UNCHANGED = (
    f"e = :oe AND w = :ow AND v = :ov AND {_NOT_HIDDEN} AND (attribute_not_exists(x) OR x > :now)"
)
_SAME_TOMBSTONE = "d = :hard AND e = :oe AND w = :ow"
_OPTIONAL = ("d", "x", "ttl", "o", "f")
Projection = Callable[[Slot, RecordVersion], None]
"""Called with an InMemory record's new version, its life included, once DynamoDB has taken it."""
_NO_LIFE = {"N": "0"}
_NAMES = {"ttl": "#ttl"}
"""``TTL`` is a reserved word of DynamoDB's expressions."""


class DynamoRecordStore:
    """Records of one table.

    ``batch_seconds`` bounds how long keys that DynamoDB left unprocessed are asked for again.
    ``projection`` is called with each accepted write to an InMemory group.
    """

    def __init__(
        self,
        dynamodb: DynamoApi,
        table_name: str,
        *,
        retries: Retries | None = None,
        batch_seconds: float = 2.0,
        projection: Projection | None = None,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table_name
        self._retries = retries or Retries()
        self._batch_seconds = batch_seconds
        self._projection = projection

    def get(
        self, slots: Sequence[Slot], *, consistency: Consistency = Consistency.DEFAULT
    ) -> Reads:
        """See ``RecordReads.get``; keys that DynamoDB left unprocessed are asked for again."""
        consistent = consistency is not Consistency.EVENTUAL
        if len(slots) == 1:
            return self._get_one(slots[0], consistent)
        by_key = {key_parts(slot): slot for slot in slots}
        items: dict[Slot, Item] = {}
        pending: list[Item] = [item_key(*key) for key in by_key]
        attempt = self._retries.begin(self._batch_seconds, len(pending))
        while pending:
            try:
                read, pending = self._batch(pending, consistent, attempt)
            except (ThrottlingException, ServiceUnavailable):
                if not items:
                    raise
                break
            items |= {by_key[_flat(item)]: item for item in read}
            if pending and not attempt.again():
                break
        return _reads(items, frozenset(by_key[_flat(key)] for key in pending))

    def put(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        condition, values = _PUT[version.state], {":now": _number(now_nanos)}
        if version.expires_at is None:
            return self._conditional(slot, version, condition, values, now_nanos=now_nanos)
        return self._expiring(slot, version, condition, values, now_nanos=now_nanos)

    def put_all(
        self, writes: Sequence[Write], *, now_nanos: int
    ) -> list[RecordVersion | Refused | None]:
        requests = [self._put_request(*write, now_nanos=now_nanos) for write in writes]
        answers = self._dynamodb.call_all("UpdateItem", requests)
        return [
            self._put_result(write, answer, now_nanos=now_nanos)
            for write, answer in zip(writes, answers, strict=True)
        ]

    def load(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        accepted = version.invocation_time
        values = {":accepted": _number(accepted), ":now": _number(accepted * 1000)}
        if version.expires_at is None:
            return self._conditional(slot, version, _LOAD, values, now_nanos=now_nanos)
        return self._expiring(slot, version, _LOAD, values, now_nanos=now_nanos)

    def hard_delete(
        self, slot: Slot, marker: RecordVersion, *, now_nanos: int
    ) -> RecordVersion | None:
        values = {":now": _number(now_nanos)}
        return self._conditional(slot, marker, _PUT[marker.state], values, now_nanos=now_nanos)

    def replace(
        self, slot: Slot, stored: RecordVersion, version: RecordVersion, *, now_nanos: int
    ) -> bool:
        values = {**_order(stored), ":ov": {"B": stored.packed}, ":now": _number(now_nanos)}
        winner = self._conditional(slot, version, _UNCHANGED, values, now_nanos=now_nanos)
        return winner is None

    def shard(self, uid: str, shard: int, *, after: str | None, limit: int) -> Page:
        partition = {"S": record_partition(uid, shard)}
        # a sort key is never below "!"
        start = {"pk": partition, "sk": {"S": after or "!"}}
        answer = self._dynamodb.call(
            "Query",
            {
                "TableName": self._table,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": partition},
                "ConsistentRead": True,
                "Limit": limit,
                "ExclusiveStartKey": start,
            },
        )
        entries = list(
            readable(answer["Items"], lambda item: (item["sk"]["S"], from_item(item, "")))
        )
        last = answer.get("LastEvaluatedKey")
        return Page(entries, last["sk"]["S"] if last else None)

    def log(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> bool:
        try:
            self._dynamodb.call("PutItem", self._log_request(slot, version, now_nanos))
        except ConditionFailed:
            return False
        return True

    def log_all(self, writes: Sequence[Write], *, now_nanos: int) -> list[bool | Refused]:
        requests = [self._log_request(*write, now_nanos) for write in writes]
        return [
            answer if isinstance(answer, Refused) else not isinstance(answer, ConditionFailed)
            for answer in self._dynamodb.call_all("PutItem", requests)
        ]

    def _log_request(self, slot: Slot, version: RecordVersion, now_nanos: int) -> Item:
        item = log_key(slot, version) | to_attributes(version, now_nanos=now_nanos)
        item["ttl"] = {"N": str(now_nanos // NANOS + KEEP_SECONDS)}
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR v = :v",
            "ExpressionAttributeValues": {":v": item["v"]},
        }

    def _put_request(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> Item:
        condition, values = _PUT[version.state], {":now": _number(now_nanos)}
        if version.expires_at is not None:
            condition = _visible(condition)
        return self._request(slot, version, condition, values, now_nanos=now_nanos)

    def _put_result(
        self, write: Write, answer: Item | Refusal, *, now_nanos: int
    ) -> RecordVersion | Refused | None:
        """What ``put`` would return or raise where DynamoDB answered so."""
        slot, version = write
        if isinstance(answer, Refused):
            return answer
        try:
            winner = self._settled(slot, version, answer)
        except NewerFormat as refusal:
            return refusal
        if winner is None or version.expires_at is None or winner.state is not State.HARD_DELETED:
            return winner
        try:  # an expiring version in the place of a hidden tombstone takes two steps
            return self.put(slot, version, now_nanos=now_nanos)
        except (ThrottlingException, ServiceUnavailable) as refusal:
            return refusal

    def _batch(
        self, keys: list[Item], consistent: bool, attempt: Attempt
    ) -> tuple[list[Item], list[Item]]:
        """What was read of some keys, and the keys that DynamoDB left unprocessed."""
        ask = {self._table: {"Keys": keys, "ConsistentRead": consistent}}
        answer = self._dynamodb.call("BatchGetItem", {"RequestItems": ask}, attempt)
        left = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        attempt.units = len(left)
        return answer["Responses"].get(self._table, []), left

    def _get_one(self, slot: Slot, consistent: bool) -> Reads:
        request = {
            "TableName": self._table,
            "Key": record_key(slot),
            "ConsistentRead": consistent,
        }
        item = self._dynamodb.call("GetItem", request).get("Item")
        return _reads({slot: item} if item else {}, frozenset())

    def _expiring(
        self, slot: Slot, version: RecordVersion, condition: str, compared: Item, *, now_nanos: int
    ) -> RecordVersion | None:
        """Write a version that expires.

        Once it has, DynamoDB removes the item, and with it what the item knows of a hard delete. So
        a version that takes the place of a hidden tombstone stays as long as that would have.
        """
        while True:
            found = self._conditional(
                slot, version, _visible(condition), compared, now_nanos=now_nanos
            )
            if found is None or found.state is not State.HARD_DELETED:
                return found
            if ":accepted" in compared and found.write_time >= version.invocation_time:
                return found
            until = found.write_time // 1_000_000 + KEEP_SECONDS
            winner = self._conditional(
                slot, version, _SAME_TOMBSTONE, _order(found), now_nanos=now_nanos, until=until
            )
            if winner is None:
                return None

    def _conditional(
        self,
        slot: Slot,
        version: RecordVersion,
        condition: str,
        compared: Item,
        *,
        now_nanos: int,
        until: int = 0,
    ) -> RecordVersion | None:
        """Write where the condition holds, else what is stored; ``until`` as in ``_request``."""
        request = self._request(
            slot, version, condition, compared, now_nanos=now_nanos, until=until
        )
        try:
            answer: Item | ConditionFailed = self._dynamodb.call("UpdateItem", request)
        except ConditionFailed as refusal:
            answer = refusal
        return self._settled(slot, version, answer)

    def _request(
        self,
        slot: Slot,
        version: RecordVersion,
        condition: str,
        compared: Item,
        *,
        now_nanos: int,
        until: int = 0,
    ) -> Item:
        """UpdateItem that writes a version where the condition holds.

        ``until`` (Unix seconds) is when DynamoDB may remove an item that expires, at the earliest.
        """
        attributes = _written(version, now_nanos, until)
        values: Item = {f":{name}": value for name, value in attributes.items()}
        values |= compared | {":hard": _number(State.HARD_DELETED)}
        request = {
            "TableName": self._table,
            "Key": record_key(slot),
            "UpdateExpression": _expression(attributes, values, in_memory=slot.in_memory),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if slot.in_memory and self._projection is not None:
            request["ReturnValues"] = "ALL_NEW"  # the record's life is among them
        return request

    def _settled(
        self, slot: Slot, version: RecordVersion, answer: Item | ConditionFailed
    ) -> RecordVersion | None:
        """The version that prevented a write; ``None`` where it was stored, now or before."""
        if isinstance(answer, ConditionFailed):
            if (winner := _winner(answer.item, slot, version)) is not None:
                return winner
            stored: Item = answer.item or {}
        else:
            stored = answer.get("Attributes", {})
        if slot.in_memory and self._projection is not None:
            self._projection(slot, replace(version, life=int(stored.get("l", _NO_LIFE)["N"])))
        return None


def _written(version: RecordVersion, now_nanos: int, until: int) -> Item:
    """A version's attributes in an update of its item; ``until`` as in ``_request``."""
    attributes = to_attributes(version, now_nanos=now_nanos)
    attributes.pop("l", None)  # the item's own life counts, not the version's
    if until:
        attributes["ttl"] = _number(max(until, int(attributes["ttl"]["N"])))
    return attributes


def _visible(condition: str) -> str:
    """A condition that holds over no hidden tombstone."""
    return f"attribute_not_exists(pk) OR ({_NOT_HIDDEN} AND ({condition}))"


def _expression(attributes: Item, values: Item, *, in_memory: bool) -> str:
    sets = [f"{_NAMES.get(name, name)} = :{name}" for name in attributes]
    if attributes.get("d") == values[":hard"]:
        sets += ["l = if_not_exists(l, :zero) + :one", "b = :w"]
        values |= {":zero": _NO_LIFE, ":one": {"N": "1"}}
    if in_memory:
        sets.append("m = :m")
        values[":m"] = {"N": "1"}
    removed = [_NAMES.get(name, name) for name in _OPTIONAL if name not in attributes]
    return f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removed)}" if removed else "")


def _order(stored: RecordVersion) -> Item:
    return {":oe": _number(stored.event_key), ":ow": _number(stored.write_time)}


def _number(value: int) -> Item:
    return {"N": str(int(value))}


def _winner(item: Item | None, slot: Slot, version: RecordVersion) -> RecordVersion | None:
    if item is None:  # the record that was to be replaced is gone
        return version
    stored = from_item(item, slot.identifier)
    ours = (stored.event_key, stored.write_time, stored.state, stored.packed)
    if ours == (version.event_key, version.write_time, version.state, version.packed):
        return None  # an earlier try of this very write, whose answer was lost
    return stored


def _placed(item: Item) -> tuple[str, RecordVersion]:
    return item["sk"]["S"], from_item(item, "")


def _reads(items: Mapping[Slot, Item], unprocessed: frozenset[Slot]) -> Reads:
    found: dict[Slot, RecordVersion] = {}
    unreadable: dict[Slot, NewerFormat] = {}
    for slot, item in items.items():
        try:
            found[slot] = from_item(item, slot.identifier)
        except NewerFormat as error:
            unreadable[slot] = error
    return Reads(found, unprocessed, unreadable)


def _flat(key: Mapping[str, Any]) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
