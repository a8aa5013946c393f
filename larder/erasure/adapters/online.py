"""Erasure from the online store: records by DeleteRecord, log items in the records table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from larder.aws.dynamodb.errors import translated_errors
from larder.erasure.erase import Subject, Trace
from larder.errors import ServiceUnavailable, ValidationError
from larder.event_time import NANOS, EventTimeType, key_to_double, nanos_to_iso
from larder.groups.feature_group import FeatureGroup
from larder.records.adapters.dynamodb_item import from_item, log_partition, record_key
from larder.records.codec import unpack
from larder.records.feature_values import canonical_identifier
from larder.records.record import RecordVersion, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 5
HardDelete = Callable[[str, str, str], None]
"""Deletes hard, from the online store alone: group, identifier, event time."""


def identifier_in(group: FeatureGroup, packed: bytes) -> str | None:
    """The canonical identifier among packed values; ``None`` where it is missing."""
    ordinal = group.ordinals[group.record_identifier_name]
    values = unpack(packed)
    text = values[ordinal] if ordinal < len(values) else None
    if not isinstance(text, str):
        return None
    return canonical_identifier(group.features[ordinal], text)


@dataclass(frozen=True, slots=True)
class OnlineErasure:
    """Implements ``larder.erasure.erase.Place`` on the records table.

    HardDelete puts a hidden tombstone in the record's place, also where there is no record: a bulk
    load may be about to write one, and loses to the tombstone. It reaches the in-memory tier too.
    It holds the identifier for eight days, then DynamoDB removes it. A group that takes no records
    has no such writers, so there the item itself is removed.
    """

    client: DynamoDBClient
    table_name: str
    hard_delete: HardDelete

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        traces = []
        for subject in subjects:
            place = f"online store, group uid {subject.group.uid}"
            if subject.group.online is not None:
                traces.append(self._record(place, subject, dry_run=dry_run))
            traces.append(self._logs(place, subject, dry_run=dry_run))
        return traces

    def _record(self, place: str, subject: Subject, *, dry_run: bool) -> Trace:
        version = self._stored(subject)
        shown = version is not None and version.state is not State.HARD_DELETED
        if not dry_run and subject.alive:
            version = self._delete(subject, version)
        elif not dry_run and version is not None:
            with translated_errors():
                self.client.delete_item(TableName=self.table_name, Key=record_key(subject.slot))
            version = None
        left = "a hidden tombstone keeps the identifier for 8 days" if version else None
        return Trace(place, "record", int(shown), left)

    def _delete(self, subject: Subject, version: RecordVersion | None) -> RecordVersion | None:
        kind = subject.group.event_time_type
        for _ in range(_TRIES):
            later = _at(subject.time * 1000, kind) if version is None else _after(version, kind)
            try:
                self.hard_delete(subject.group.name, subject.slot.identifier, later)
            except (ServiceUnavailable, ValidationError):  # it was not later than what is stored
                before, version = version, self._stored(subject)
                if version == before:  # it was not refused for a record that came between
                    raise
            else:
                return self._stored(subject)
        raise ServiceUnavailable(
            f"the record in group {subject.group.name} is written again and again: erase again"
        )

    def _stored(self, subject: Subject) -> RecordVersion | None:
        with translated_errors():
            item = self.client.get_item(
                TableName=self.table_name, Key=record_key(subject.slot), ConsistentRead=True
            ).get("Item")
        return None if item is None else from_item(item, subject.slot.identifier)

    def _logs(self, place: str, subject: Subject, *, dry_run: bool) -> Trace:
        keys = list(self._log_keys(subject))
        if not dry_run:
            for key in keys:
                with translated_errors():
                    self.client.delete_item(TableName=self.table_name, Key=key)
        return Trace(place, "log items", len(keys))

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


def _at(nanos: int, kind: EventTimeType) -> str:
    """An instant as an event time."""
    return nanos_to_iso(nanos) if kind is EventTimeType.STRING else repr(nanos / NANOS)
