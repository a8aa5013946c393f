"""Which features a group may have: names, collections, and how many.

Sources: CreateFeatureGroup in botocore 1.44.5; AWS's developer guide on collection types. Names
that differ only by their case are refused, since Glue and Athena know one column by both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from larder.groups.feature_group import (
    RESERVED_FEATURE_NAMES,
    CollectionType,
    FeatureDefinition,
    FeatureType,
    StorageType,
)
from larder.problems import Path, Problem, shown

MAX_FEATURES = 2500


def feature_problems(
    known: Sequence[FeatureDefinition], new: Sequence[FeatureDefinition], member: str
) -> Iterator[Problem]:
    """What is wrong with new features beside those the group has; ``member`` names their list."""
    if len(known) + len(new) > MAX_FEATURES:
        yield Problem(
            (member,),
            f"Member must not bring the group beyond {MAX_FEATURES} features: it has {len(known)}",
            f"of {len(new)} items",
        )
    names = {feature.name.lower(): feature.name for feature in known}
    vector = next((f.name for f in known if f.collection is CollectionType.VECTOR), None)
    for place, feature in enumerate(new):
        path = (member, place)
        yield from _name_problems(feature, names, (*path, "FeatureName"))
        names.setdefault(feature.name.lower(), feature.name)
        yield from _vector_problems(feature, vector, path)
        if feature.collection is CollectionType.VECTOR:
            vector = vector or feature.name


def collection_problems(
    features: Sequence[FeatureDefinition], storage: StorageType | None, member: str
) -> Iterator[Problem]:
    """Collections are for InMemory groups alone, as SageMaker has it."""
    if storage is StorageType.IN_MEMORY:
        return
    for place, feature in enumerate(features):
        if feature.collection is not None:
            yield Problem(
                (member, place, "CollectionType"),
                "Member must be left out, or OnlineStoreConfig.StorageType be InMemory: "
                "only that tier holds collections",
                shown(feature.collection),
            )


def partition_problems(
    event_time_name: str, additions: Sequence[FeatureDefinition]
) -> Iterator[Problem]:
    """A table's partition has a name that no column may take later; a new table evades its own.

    It is ``<event time>_trunc`` or ``write_time_day``, with underscores after it where needed.
    """
    taken = {f"{event_time_name.lower()}_trunc", "write_time_day"}
    for place, feature in enumerate(additions):
        if feature.name.lower().rstrip("_") in taken:
            path = ("FeatureAdditions", place, "FeatureName")
            text = "Member must not be the name of the offline table's partition; choose another"
            yield Problem(path, text, shown(feature.name))


def _name_problems(
    feature: FeatureDefinition, names: dict[str, str], path: Path
) -> Iterator[Problem]:
    folded = feature.name.lower()
    if folded in RESERVED_FEATURE_NAMES:
        reserved = ", ".join(sorted(RESERVED_FEATURE_NAMES))
        yield Problem(path, f"Member must not be one of [{reserved}]", shown(feature.name))
    other = names.get(folded)
    if other == feature.name:
        yield Problem(path, "Member must not be the name of another feature", shown(feature.name))
    elif other is not None:
        text = (
            f"Member must differ from the feature '{other}' by more than letter case: "
            "Glue and Athena lower-case column names"
        )
        yield Problem(path, text, shown(feature.name))


def _vector_problems(
    feature: FeatureDefinition, vector: str | None, path: Path
) -> Iterator[Problem]:
    if feature.collection is not CollectionType.VECTOR:
        if feature.dimension is not None:
            text = "Member must be left out where the CollectionType is not Vector"
            yield Problem((*path, "CollectionConfig"), text, shown(feature.dimension))
        return
    if feature.dimension is None:
        text = "Member must not be null where the CollectionType is Vector"
        yield Problem((*path, "CollectionConfig"), text, "null")
    if feature.type is not FeatureType.FRACTIONAL:
        text = "Member must be Fractional where the CollectionType is Vector"
        yield Problem((*path, "FeatureType"), text, shown(feature.type))
    if vector is not None:
        text = f"Member must not be a second Vector: the group has '{vector}'"
        yield Problem((*path, "CollectionType"), text, shown(feature.collection))
