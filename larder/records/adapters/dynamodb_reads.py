"""Reading records from DynamoDB by their keys: one, or a batch whose keys are followed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from larder.aws.dynamodb.api import DynamoApi
from larder.aws.retries import Attempt, Retries
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.records.adapters.dynamodb_item import Item, from_item, record_key
from larder.records.ports import Consistency, Reads
from larder.records.record import RecordVersion, Slot


class DynamoRecordReads:
    """Records of one table; ``batch_seconds`` bounds how long unprocessed keys are followed."""

    def __init__(
        self,
        dynamodb: DynamoApi,
        table_name: str,
        *,
        retries: Retries | None = None,
        batch_seconds: float = 2.0,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table_name
        self._retries = retries or Retries()
        self._batch_seconds = batch_seconds

    def get(
        self, slots: Sequence[Slot], *, consistency: Consistency = Consistency.DEFAULT
    ) -> Reads:
        """See ``RecordStore.get``; keys that DynamoDB left unprocessed are asked for again."""
        consistent = consistency is not Consistency.EVENTUAL
        if len(slots) == 1:
            return self._get_one(slots[0], consistent)
        keys = {slot: record_key(slot) for slot in slots}
        by_key = {_flat(key): slot for slot, key in keys.items()}
        found: dict[Slot, RecordVersion] = {}
        pending: list[Item] = list(keys.values())
        attempt = self._retries.begin(self._batch_seconds, len(pending))
        while pending:
            try:
                items, pending = self._batch(pending, consistent, attempt)
            except (ThrottlingException, ServiceUnavailable):
                if not found:
                    raise
                break
            for item in items:
                slot = by_key[_flat(item)]
                found[slot] = from_item(item, slot.identifier)
            if pending and not attempt.again():
                break
        return Reads(found, frozenset(by_key[_flat(key)] for key in pending))

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
        return Reads({slot: from_item(item, slot.identifier)} if item else {}, frozenset())


def _flat(key: Mapping[str, Any]) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
