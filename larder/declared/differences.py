"""What of a feature group can't become what a definition asks for."""

from __future__ import annotations

from collections.abc import Iterator

from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    OfflineStore,
    StorageType,
)
from larder.groups.spec import GroupSpec, OfflineSpec

_CURE = "Existing data would no longer fit: give the group another name."
_NEVER = "A store can't be added or removed later: give the group another name."


def differences(spec: GroupSpec, group: FeatureGroup) -> Iterator[str]:
    """A sentence for each difference that no update can bridge, with old and new value.

    What the group has beyond the definition, or the definition does not say, is no difference.
    """
    if group.status is not FeatureGroupStatus.CREATED:
        yield f"it is {group.status}; deploy again when it is no longer."
        return
    keys = (
        ("record_identifier", group.record_identifier_name, spec.record_identifier_name),
        ("event_time", group.event_time_name, spec.event_time_name),
    )
    for member, old, new in keys:
        if old != new:
            yield f"{member} can't change from {old} to {new}. {_CURE}"
    yield from _of_features(spec, group)
    yield from _of_online_stores(spec, group)
    yield from _of_offline_stores(spec.offline, group.offline)


def _of_features(spec: GroupSpec, group: FeatureGroup) -> Iterator[str]:
    folded = {name.lower(): name for name in group.ordinals}
    for feature in spec.features:
        name = folded.get(feature.name.lower(), feature.name)
        ordinal = group.ordinals.get(name)
        if name != feature.name:
            yield f"feature {feature.name} differs from {name} only by letter case. Rename it."
        elif ordinal is not None and group.features[ordinal] != feature:
            old, new = _type_of(group.features[ordinal]), _type_of(feature)
            yield f"feature {feature.name} can't change from {old} to {new}. Name a new feature."


def _of_online_stores(spec: GroupSpec, group: FeatureGroup) -> Iterator[str]:
    wanted, there = spec.online, group.online
    if (wanted is None) != (there is None):
        yield f"it has {'no ' if there is None else 'an '}online store. {_NEVER}"
    elif wanted is not None and there is not None:
        in_memory = StorageType.IN_MEMORY
        if (wanted.storage_type is in_memory) != (there.storage_type is in_memory):
            yield (
                f"storage_type can't change from {there.storage_type} to {wanted.storage_type}: "
                "the one move there is goes from Standard to Standard_V2."
            )


def _of_offline_stores(wanted: OfflineSpec | None, there: OfflineStore | None) -> Iterator[str]:
    if (wanted is None) != (there is None):
        yield f"it has {'no ' if there is None else 'an '}offline store. {_NEVER}"
    elif wanted is not None and there is not None:
        members = (
            ("s3_uri", there.s3_uri, wanted.s3_uri),
            ("table", there.table, wanted.catalog and wanted.catalog.table),
            ("table_format", there.table_format, wanted.table_format),
        )
        for member, old, new in members:
            if new is not None and old != new:
                yield f"{member} can't change from {old} to {new}. {_CURE}"


def _type_of(feature: FeatureDefinition) -> str:
    if feature.collection is None:
        return feature.type.value
    dimension = f" of {feature.dimension}" if feature.dimension is not None else ""
    return f"{feature.collection} of {feature.type}{dimension}"
