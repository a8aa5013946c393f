"""From changes of the records table to rows of an offline table. Pure.

One accepted version of a record is one row; so is the end of a record's time to live. The service
writes that as a deletion at the instant of expiry. Source: AWS, "Time to live for records": expired
records are marked deleted in the offline store. Both rows are functions of stored content alone. So
a change that is delivered twice, or in another batch, gives an equal row with an equal key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from larder.errors import ValidationError
from larder.event_time import NANOS, EventTimeType, nanos_to_iso
from larder.groups.feature_group import FeatureDefinition, FeatureGroup
from larder.records.codec import Value, unpack
from larder.records.feature_values import (
    Scalar,
    Typed,
    canonical_identifier,
    check_value,
    typed_value,
)
from larder.records.record import RecordVersion, State

T = TypeVar("T")
Cell = Typed | None
Key = tuple[Scalar, Scalar, int]


@dataclass(frozen=True, slots=True)
class StreamChange:
    """One change of an item of the records table.

    The versions' ``identifier`` is not known before the group is, and is not read here: rows take
    it from the packed values. ``by_ttl`` marks a removal by DynamoDB's own time to live; ``raw`` is
    the change as it was delivered, for quarantine.
    """

    sequence: str
    uid: str
    is_log: bool
    old: RecordVersion | None
    new: RecordVersion | None
    by_ttl: bool
    raw: Mapping[str, Any]

    @property
    def entered(self) -> int:
        """When it entered the stream, µs since the epoch; 0 where the delivery does not say."""
        stream = self.raw.get("dynamodb")
        when = stream.get("ApproximateCreationDateTime") if isinstance(stream, Mapping) else None
        return int(when * 1_000_000) if isinstance(when, int | float) else 0


@dataclass(frozen=True, slots=True)
class Due:
    """A version that needs a row in the offline table: its own, or that of its expiry."""

    version: RecordVersion
    expiry: bool = False


@dataclass(frozen=True, slots=True)
class OfflineRow:
    """A row to write. ``values`` are by ordinal and may end early; times are µs since the epoch."""

    identifier: Scalar
    event_time: Scalar
    write_time: int
    invocation_time: int
    is_deleted: bool
    values: tuple[Cell, ...]

    @property
    def key(self) -> Key:
        """What makes a row unique in its table: equal keys have equal content."""
        return (self.identifier, self.event_time, self.write_time)


def rows_due(change: StreamChange) -> list[Due]:
    """The rows that a change needs; no row for purges, removed log items and removed tombstones.

    A record that was never meant for the offline store does not expire there either.
    """
    due: list[Due] = []
    if change.new is not None and change.new.offline and not change.new.recorded:
        due.append(Due(change.new))
    old = change.old
    if change.is_log or old is None or old.state is not State.LIVE or not old.offline:
        return due
    replaced_after_expiry = change.new is not None and old.is_expired(change.new.write_time * 1000)
    removed_by_ttl = change.new is None and change.by_ttl and old.expires_at is not None
    if replaced_after_expiry or removed_by_ttl:
        due.insert(0, Due(old, expiry=True))
    return due


def row_of(due: Due, group: FeatureGroup) -> OfflineRow:
    """The row itself, its values in the types of their columns.

    Raises:
        ValueError: the stored values don't fit the group, which only a bug or a hand could cause.
    """
    packed = unpack(due.version.packed)
    if len(packed) > len(group.features):
        raise ValueError(
            f"the record has {len(packed)} values, group {group.name} has {len(group.features)} "
            "features: it was packed by a schema the registry does not know"
        )
    identifier = _identifier(packed, group)
    if due.expiry:
        return _expiry_row(due.version, group, identifier)
    cells = [_cell(feature, value) for feature, value in zip(group.features, packed, strict=False)]
    cells[group.ordinals[group.record_identifier_name]] = identifier
    event_time = _at(cells, group.ordinals[group.event_time_name])
    if event_time is None or isinstance(event_time, list):
        raise ValueError(f"the record lacks its event time, feature '{group.event_time_name}'")
    return OfflineRow(
        identifier=identifier,
        event_time=event_time,
        write_time=due.version.write_time,
        invocation_time=due.version.invocation_time,
        is_deleted=due.version.state is not State.LIVE,
        values=tuple(cells),
    )


def _expiry_row(version: RecordVersion, group: FeatureGroup, identifier: Scalar) -> OfflineRow:
    if version.expires_at is None:
        raise ValueError("a record without an expiry cannot expire")
    is_text = group.event_time_type is EventTimeType.STRING
    event_time = nanos_to_iso(version.expires_at) if is_text else version.expires_at / NANOS
    by_ordinal: dict[int, Cell] = {
        group.ordinals[group.record_identifier_name]: identifier,
        group.ordinals[group.event_time_name]: event_time,
    }
    # a row is not known before it was written: a late record may be expired when it comes
    micros = max(version.expires_at // 1000, version.write_time)
    return OfflineRow(
        identifier=identifier,
        event_time=event_time,
        write_time=micros,
        invocation_time=micros,
        is_deleted=True,
        values=tuple(by_ordinal.get(ordinal) for ordinal in range(max(by_ordinal) + 1)),
    )


def _identifier(packed: Sequence[Value | None], group: FeatureGroup) -> Scalar:
    ordinal = group.ordinals[group.record_identifier_name]
    text = _at(packed, ordinal)
    if not isinstance(text, str):
        raise ValueError(f"the record lacks its identifier, '{group.record_identifier_name}'")
    feature = group.features[ordinal]
    try:
        return typed_value(feature, canonical_identifier(feature, text))
    except ValidationError as error:
        raise ValueError(str(error)) from error


def _cell(feature: FeatureDefinition, value: Value | None) -> Cell:
    if value is None:
        return None
    try:
        checked = check_value(feature, value)
    except ValidationError as error:
        raise ValueError(str(error)) from error
    return typed_value(feature, checked)


def _at(values: Sequence[T], ordinal: int) -> T | None:
    return values[ordinal] if ordinal < len(values) else None
