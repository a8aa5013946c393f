"""Erasure from the online store: the record by way of the door, log items in the records table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from larder.aws.dynamodb.errors import translated_errors
from larder.erasure.erase import Subject, Trace
from larder.event_time import EventTimeType, key_to_double, nanos_to_iso
from larder.groups.feature_group import FeatureGroup
from larder.records.adapters.dynamodb_item import from_item, log_partition, record_key
from larder.records.codec import unpack
from larder.records.feature_values import canonical_identifier
from larder.records.record import RecordVersion, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HardDelete = Callable[[str, str, str], None]
"""Deletes hard, from the online store alone: group, identifier, event time."""


def identifier_in(group: FeatureGroup, packed: bytes) -> str | None:
    """The canonical identifier among packed values; ``None`` where there is none."""
    ordinal = group.ordinals[group.record_identifier_name]
    values = unpack(packed)
    text = values[ordinal] if ordinal < len(values) else None
    if not isinstance(text, str):
        return None
    return canonical_identifier(group.features[ordinal], text)


@dataclass(frozen=True, slots=True)
class OnlineErasure:
    """Implements ``larder.erasure.erase.Place`` on the records table.

    The door's HardDelete puts a hidden tombstone in the record's place, which reaches the in-memory
    tier too. The tombstone holds the identifier for eight days, then DynamoDB removes it: without
    it, a repetition of the stream could bring the record back into that tier.
    """

    client: DynamoDBClient
    table_name: str
    hard_delete: HardDelete

    def erase(self, subject: Subject, *, dry_run: bool) -> Sequence[Trace]:
        """See the port."""
        if subject.group.online is None:
            return self._logs(subject, dry_run=dry_run)
        with translated_errors():
            item = self.client.get_item(
                TableName=self.table_name, Key=record_key(subject.slot), ConsistentRead=True
            ).get("Item")
        version = None if item is None else from_item(item, subject.slot.identifier)
        gone = version is None or version.state is State.HARD_DELETED
        if version is not None and not gone and not dry_run:
            later = _after(version, subject.group.event_time_type)
            self.hard_delete(subject.group.name, subject.slot.identifier, later)
        left = "a hidden tombstone keeps the identifier for 8 days" if version else None
        record = Trace("online store", "record", 0 if gone else 1, left)
        return [record, *self._logs(subject, dry_run=dry_run)]

    def _logs(self, subject: Subject, *, dry_run: bool) -> list[Trace]:
        keys = list(self._log_keys(subject))
        if not dry_run:
            for key in keys:
                with translated_errors():
                    self.client.delete_item(TableName=self.table_name, Key=key)
        return [Trace("online store", "log items", len(keys))]

    def _log_keys(self, subject: Subject) -> Iterator[dict[str, Any]]:
        partition = log_partition(subject.slot.uid, subject.slot.shard)
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table_name,
            KeyConditionExpression="pk = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
            ConsistentRead=True,
        )
        with translated_errors():
            for page in pages:
                for item in page["Items"]:
                    if identifier_in(subject.group, item["v"]["B"]) == subject.slot.identifier:
                        yield {"pk": item["pk"], "sk": item["sk"]}


def _after(version: RecordVersion, kind: EventTimeType) -> str:
    """The earliest event time after a version's."""
    if kind is EventTimeType.STRING:
        return nanos_to_iso(version.event_key + 1)
    return repr(math.nextafter(key_to_double(version.event_key), math.inf))
