"""From checked values to the version of a record that a write stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from larder.errors import ValidationError
from larder.event_time import event_time_nanos, parse_event_time
from larder.groups.feature_group import FeatureGroup, TargetStore, TtlDuration
from larder.records.codec import Value, pack
from larder.records.record import RecordVersion, Slot, State
from larder.records.values import slot_of

MAX_PACKED_BYTES = 390 * 1024
"""DynamoDB takes 400 KB an item, names and key included; JSON escapes count."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a write was called and accepted: microseconds since the epoch."""

    invocation_time: int
    write_time: int


def live_version(
    group: FeatureGroup,
    values: Mapping[int, Value],
    *,
    stamp: Stamp,
    ttl: TtlDuration | None,
    targets: frozenset[TargetStore],
) -> tuple[Slot, RecordVersion]:
    """The version that a put writes, and where."""
    event_time = values[group.ordinals[group.event_time_name]]
    identifier = values[group.ordinals[group.record_identifier_name]]
    if not isinstance(event_time, str) or not isinstance(identifier, str):
        raise ValidationError("The record identifier and the event time must be scalars.")
    return _version(
        group, identifier, event_time, values, State.LIVE, stamp=stamp, ttl=ttl, targets=targets
    )


def deletion_version(
    group: FeatureGroup,
    identifier: str,
    event_time: str,
    state: State,
    *,
    stamp: Stamp,
    targets: frozenset[TargetStore],
) -> tuple[Slot, RecordVersion]:
    """The marker that a delete writes: identifier and event time, all else absent."""
    values: dict[int, Value] = {
        group.ordinals[group.record_identifier_name]: identifier,
        group.ordinals[group.event_time_name]: event_time,
    }
    return _version(
        group, identifier, event_time, values, state, stamp=stamp, ttl=None, targets=targets
    )


def _version(  # noqa: PLR0913 - a version has this many parts, and this is where they meet
    group: FeatureGroup,
    identifier: str,
    event_time: str,
    values: Mapping[int, Value],
    state: State,
    *,
    stamp: Stamp,
    ttl: TtlDuration | None,
    targets: frozenset[TargetStore],
) -> tuple[Slot, RecordVersion]:
    key = parse_event_time(event_time, group.event_time_type)
    packed = pack(values)
    if len(packed) > MAX_PACKED_BYTES:
        raise ValidationError(
            f"The record has {len(packed)} bytes once its control characters and quotes are "
            f"escaped; at most {MAX_PACKED_BYTES} are stored."
        )
    slot = slot_of(group, identifier)
    return slot, RecordVersion(
        identifier=slot.identifier,
        event_key=key,
        write_time=stamp.write_time,
        invocation_time=stamp.invocation_time,
        state=state,
        packed=packed,
        schema_version=group.schema_version,
        expires_at=event_time_nanos(key, group.event_time_type) + ttl.nanos if ttl else None,
        offline=TargetStore.OFFLINE in targets,
    )
