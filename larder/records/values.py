"""What a record must hold: its features, its identifier and event time, its size.

Source: AWS, PutRecord and "Feature Store quotas" (350 KB a record, 2 KB an identifier).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from larder.errors import ValidationError
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureType,
    StorageType,
    TargetStore,
)
from larder.records.codec import Value, unpack
from larder.records.feature_values import Typed, canonical_identifier, check_value, typed_value
from larder.records.record import MAX_IDENTIFIER_BYTES, MAX_RECORD_BYTES, Slot


class UndefinedFeature(ValidationError):
    """The group has no such feature, as far as the settings at hand know."""


def slot_of(group: FeatureGroup, identifier: str) -> Slot:
    """Where the record of that identifier lives; raises as ``slots_of`` says."""
    return slots_of(group)(identifier)


def slots_of(group: FeatureGroup) -> Callable[[str], Slot]:
    """The function from an identifier to its record's slot, for many records of one group.

    It raises ``ValidationError`` where the identifier is empty, too long, or not of the feature's
    type.
    """
    feature = group.features[group.ordinals[group.record_identifier_name]]
    in_memory = group.online is not None and group.online.storage_type is StorageType.IN_MEMORY
    uid, shards, is_text = group.uid, group.shards, feature.type is FeatureType.STRING

    def slot(identifier: str) -> Slot:
        # a short text in ASCII is its own canonical form: nearly all identifiers are
        if not (is_text and 0 < len(identifier) <= MAX_IDENTIFIER_BYTES and identifier.isascii()):
            identifier = _checked_identifier(feature, identifier)
        return Slot(uid, shards, identifier, in_memory)

    return slot


def ordinals_of(group: FeatureGroup, names: Iterable[str]) -> list[int]:
    """Ordinals of the named features, in the order named; naming one twice changes nothing.

    Raises:
        UndefinedFeature: the group has no such feature.
    """
    ordinals = dict.fromkeys(_ordinal(group, name) for name in names)
    return list(ordinals)


def ordinals_in_use(group: FeatureGroup) -> list[int] | None:
    """Ordinals of the features in use where some are removed; ``None`` where none is."""
    if not group.removed:
        return None
    return [n for n, name in enumerate(group.feature_names) if name not in group.removed]


def checked_features(group: FeatureGroup, record: Iterable[tuple[str, object]]) -> dict[int, Value]:
    """Some features' values by ordinal.

    Raises:
        UndefinedFeature: a feature is not of the group.
        ValidationError: a feature occurs twice, or a value does not fit its feature.
    """
    values: dict[int, Value] = {}
    for name, value in record:
        ordinal = _ordinal(group, name)
        if ordinal in values:
            raise ValidationError(f"Feature '{name}' occurs more than once in the record.")
        checked = check_value(group.features[ordinal], value)
        for text in _texts(checked):
            _require_text(name, text)
        values[ordinal] = checked
    return values


def complete(group: FeatureGroup, values: dict[int, Value]) -> dict[int, Value]:
    """A whole record's values, which are returned.

    Raises:
        ValidationError: the identifier or the event time is missing, or the record is too large.
    """
    for role, name in (
        ("record identifier", group.record_identifier_name),
        ("event time", group.event_time_name),
    ):
        if group.ordinals[name] not in values:
            raise ValidationError(f"The record lacks its {role}, feature '{name}'.")
    size = sum(
        len(group.features[ordinal].name) + sum(len(text.encode()) for text in _texts(value))
        for ordinal, value in values.items()
    )
    if size > MAX_RECORD_BYTES:
        raise ValidationError(
            f"The record has {size} bytes; at most {MAX_RECORD_BYTES} (350 KB) are taken."
        )
    return values


def target_stores(
    group: FeatureGroup, asked: Iterable[TargetStore] | None
) -> frozenset[TargetStore]:
    """The stores that a write goes to: those asked for, or all that the group has.

    Raises:
        ValidationError: the group lacks one of them.
    """
    if asked is None:
        return group.stores
    targets = frozenset(asked)
    if lacking := targets - group.stores:
        raise ValidationError(
            f"TargetStores: FeatureGroup {group.name} has no {' and no '.join(sorted(lacking))}; "
            f"it has {' and '.join(sorted(group.stores))}."
        )
    return targets


def same_values(group: FeatureGroup, one: bytes, other: bytes) -> bool:
    """Whether packed values are equal in the types of their features: ``0.50`` equals ``0.5``."""
    return one == other or _typed(group, one) == _typed(group, other)


def _typed(group: FeatureGroup, packed: bytes) -> dict[str, Typed]:
    values = zip(group.features, unpack(packed), strict=False)
    return {
        feature.name: typed_value(feature, value) for feature, value in values if value is not None
    }


def _checked_identifier(feature: FeatureDefinition, identifier: str) -> str:
    try:
        size = len(identifier.encode())
    except UnicodeEncodeError as error:
        raise _not_unicode(feature.name, error) from None
    if not 0 < size <= MAX_IDENTIFIER_BYTES:
        raise ValidationError(
            f"Record identifier '{feature.name}' has {size} bytes; "
            f"it must have 1 to {MAX_IDENTIFIER_BYTES}."
        )
    return canonical_identifier(feature, identifier)


def _texts(value: Value) -> list[str]:
    return [value] if isinstance(value, str) else value


def _ordinal(group: FeatureGroup, name: str) -> int:
    if name in group.removed:
        raise UndefinedFeature(
            f"Feature '{name}' was removed from FeatureGroup {group.name}; leave it out, or delete "
            f"the tag larder:removed:{name} to bring it back."
        )
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
        raise _not_unicode(name, error) from None


def _not_unicode(name: str, error: UnicodeEncodeError) -> ValidationError:
    return ValidationError(
        f"Feature '{name}' holds text that is not valid Unicode (a lone surrogate at "
        f"{error.start}); send UTF-8."
    )
