"""What makes a feature group consistent in itself, whichever platform it is meant for.

Sources: CreateFeatureGroup in botocore 1.44.5; AWS's developer guide on quotas, collection types
and throughput modes. Paths are those of CreateFeatureGroup's members.
"""

from __future__ import annotations

from collections.abc import Iterator

from larder.groups.feature_group import FeatureType, StorageType, TableFormat
from larder.groups.feature_rules import collection_problems, feature_problems
from larder.groups.reserved_tags import grant_tag_problems, removal_problems
from larder.groups.spec import GroupSpec, Throughput
from larder.problems import Problem, shown

MAX_TAGS = 50
_UNITS = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")


def group_problems(spec: GroupSpec) -> Iterator[Problem]:
    """What contradicts itself in a feature group that is asked for."""
    if spec.online is None and spec.offline is None:
        yield Problem(
            ("OnlineStoreConfig",),
            "A feature group needs a store: set OnlineStoreConfig.EnableOnlineStore to true, give "
            "an OfflineStoreConfig, or both.",
        )
    yield from feature_problems((), spec.features, "FeatureDefinitions")
    yield from _key_problems(spec)
    storage = spec.online.storage_type if spec.online else None
    yield from collection_problems(spec.features, storage, "FeatureDefinitions")
    yield from throughput_problems(spec.throughput, storage)
    yield from _format_problems(spec)
    yield from tag_problems(spec.tags)
    names = [feature.name for feature in spec.features]
    required = (spec.record_identifier_name, spec.event_time_name)
    yield from removal_problems(spec.tags, names, required)


def throughput_problems(throughput: Throughput, storage: StorageType | None) -> Iterator[Problem]:
    """What contradicts itself in a throughput configuration."""
    mode = throughput.get("ThroughputMode")
    for unit in _UNITS:
        path = ("ThroughputConfig", unit)
        if mode == "Provisioned" and unit not in throughput:
            yield Problem(
                path, "Member must not be null where ThroughputMode is Provisioned", "null"
            )
        if mode == "OnDemand" and unit in throughput:
            text = "Member must be left out where ThroughputMode is OnDemand"
            yield Problem(path, text, shown(throughput[unit]))
    if mode == "Provisioned" and storage is StorageType.IN_MEMORY:
        text = "Member must be OnDemand where the StorageType is InMemory"
        yield Problem(("ThroughputConfig", "ThroughputMode"), text, shown(mode))


def tag_problems(tags: tuple[tuple[str, str], ...]) -> Iterator[Problem]:
    """What is wrong with tags that are given together."""
    seen: set[str] = set()
    for place, (key, value) in enumerate(tags):
        path = ("Tags", place, "Key")
        if key in seen:
            yield Problem(path, "Member must be unique among the tags", shown(key))
        if key.lower().startswith("aws:"):
            yield Problem(path, "Member must not begin with aws:, which is AWS's own", shown(key))
        yield from grant_tag_problems(place, key, value)
        seen.add(key)


def _key_problems(spec: GroupSpec) -> Iterator[Problem]:
    """The record identifier and the event time have to be fit for it."""
    features = {feature.name: feature for feature in spec.features}
    keys = {
        "RecordIdentifierFeatureName": spec.record_identifier_name,
        "EventTimeFeatureName": spec.event_time_name,
    }
    for member, name in keys.items():
        if name not in features:
            text = "Member must name one of the FeatureDefinitions"
            yield Problem((member,), text, shown(name))
        elif features[name].collection is not None:
            text = f"Member must name a scalar feature, not a {features[name].collection}"
            yield Problem((member,), text, shown(name))
    if spec.record_identifier_name == spec.event_time_name:
        text = "Member must not be the record identifier too"
        yield Problem(("EventTimeFeatureName",), text, shown(spec.event_time_name))
    event_time = features.get(spec.event_time_name)
    if event_time is not None and event_time.type is FeatureType.INTEGRAL:
        text = "Member must name a feature of type String (ISO-8601) or Fractional (Unix seconds)"
        yield Problem(("EventTimeFeatureName",), f"{text}, not Integral", shown(event_time.name))


def _format_problems(spec: GroupSpec) -> Iterator[Problem]:
    if spec.offline is None:
        return
    types = {feature.name: feature.type for feature in spec.features}
    path = ("OfflineStoreConfig", "TableFormat")
    fractional = types.get(spec.event_time_name) is FeatureType.FRACTIONAL
    if spec.offline.table_format is TableFormat.ICEBERG and fractional:
        yield Problem(
            path,
            "Member must be left out where the event time is Fractional: SageMaker's Iceberg "
            "tables need a String event time",
            shown("Iceberg"),
        )
    iceberg = spec.offline.table_format is TableFormat.ICEBERG
    if iceberg and spec.offline.disable_glue_table_creation:
        yield Problem(
            ("OfflineStoreConfig", "DisableGlueTableCreation"),
            "Member must be false or left out where the TableFormat is Iceberg: an Iceberg table "
            "lives in its catalog entry",
            shown(True),
        )
