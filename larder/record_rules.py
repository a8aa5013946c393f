"""From a request's feature values to a version of a record: what a record must hold, and its size.

Source: AWS, PutRecord and "Feature Store quotas" (350 KB a record, 2 KB an identifier).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from larder.codec import Value, pack
from larder.errors import ValidationError
from larder.event_time import event_time_nanos, parse_event_time
from larder.feature_group import FeatureGroup, TargetStore, TtlDuration
from larder.record import MAX_IDENTIFIER_BYTES, MAX_RECORD_BYTES, RecordVersion, Slot, State
from larder.values import canonical_identifier, check_value

MAX_PACKED_BYTES = 390 * 1024
"""DynamoDB takes 400 KB an item, names and key included; JSON escapes count."""


class UndefinedFeature(ValidationError):
    """The group has no such feature, as far as the settings at hand know."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a write was called and accepted: microseconds since the epoch."""

    invocation_time: int
    write_time: int


def slot_of(group: FeatureGroup, identifier: str) -> Slot:
    """Where the record of that identifier lives.

    Raises:
        ValidationError: the identifier is empty, too long, or not of the feature's type.
    """
    feature = group.features[group.ordinals[group.record_identifier_name]]
    size = len(identifier.encode("utf-8", "surrogatepass"))
    if not 0 < size <= MAX_IDENTIFIER_BYTES:
        raise ValidationError(
            f"Record identifier '{feature.name}' has {size} bytes; "
            f"it must have 1 to {MAX_IDENTIFIER_BYTES}."
        )
    _require_text(feature.name, identifier)
    return Slot(group.uid, group.shards, canonical_identifier(feature, identifier))


def ordinals_of(group: FeatureGroup, names: Iterable[str]) -> list[int]:
    """Ordinals of the named features, in the order named; naming one twice changes nothing.

    Raises:
        UndefinedFeature: the group has no such feature.
    """
    ordinals = dict.fromkeys(_ordinal(group, name) for name in names)
    return list(ordinals)


def values_of(group: FeatureGroup, record: Iterable[tuple[str, object]]) -> dict[int, Value]:
    """A record's values by ordinal.

    Raises:
        UndefinedFeature: a feature is not of the group.
        ValidationError: a feature stands twice, a value does not fit its feature, the identifier
            or the event time is missing, or the record is too large.
    """
    values: dict[int, Value] = {}
    size = 0
    for name, value in record:
        ordinal = _ordinal(group, name)
        if ordinal in values:
            raise ValidationError(f"Feature '{name}' stands more than once in the record.")
        checked = check_value(group.features[ordinal], value)
        for text in [checked] if isinstance(checked, str) else checked:
            _require_text(name, text)
            size += len(text.encode())
        size += len(name)
        values[ordinal] = checked
    for role, name in (
        ("record identifier", group.record_identifier_name),
        ("event time", group.event_time_name),
    ):
        if group.ordinals[name] not in values:
            raise ValidationError(f"The record lacks its {role}, feature '{name}'.")
    if size > MAX_RECORD_BYTES:
        raise ValidationError(
            f"The record has {size} bytes; at most {MAX_RECORD_BYTES} (350 KB) are taken."
        )
    return values


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


def _ordinal(group: FeatureGroup, name: str) -> int:
    try:
        return group.ordinals[name]
    except KeyError:
        raise UndefinedFeature(
            f"Feature '{name[:80]}' is not defined in FeatureGroup {group.name}; "
            f"check its name, or add it by UpdateFeatureGroup."
        ) from None


def _require_text(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(
            f"Feature '{name}' holds text that is not valid Unicode (a lone surrogate at "
            f"{error.start}); send UTF-8."
        ) from None
