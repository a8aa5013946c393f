"""The control plane's requests: SageMaker's members to the core's values.

``checked`` refuses whatever the model does not allow; the readers rely on that.
"""

from __future__ import annotations

from collections.abc import Iterator

from larder.groups.api.request_shapes import REQUESTS
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureType,
    OnlineStore,
    StorageType,
    TableFormat,
    TtlDuration,
)
from larder.groups.spec import CatalogSpec, GroupSpec, OfflineSpec, OnlineChange, Throughput
from larder.problems import Path, Problem, refuse, shown
from larder.wire.json_rpc import Members
from larder.wire.shapes import problems

_ONLINE_SETTINGS = ("TtlDuration", "StorageType", "SecurityConfig")


def checked(operation: str, members: Members) -> Members:
    """The members, as the operation's model allows them; ``null`` members are gone.

    Raises:
        ValidationError: naming every member that breaks a constraint.
    """
    refuse(request_problems(operation, members))
    return {name: value for name, value in members.items() if value is not None}


def request_problems(operation: str, members: Members) -> Iterator[Problem]:
    """What is wrong with a request before anybody asks what it means."""
    found = False
    for problem in problems(REQUESTS[operation], dict(members)):  # never held all at once
        found = True
        yield problem
    if found:
        return
    yield from _parameter_problems(members)
    online = members.get("OnlineStoreConfig")
    if online is not None:
        yield from _ttl_problems(online.get("TtlDuration"))
        if operation == "CreateFeatureGroup" and not online.get("EnableOnlineStore"):
            yield from _disabled_problems(online)


def group_spec(members: Members) -> GroupSpec:
    """CreateFeatureGroup's request."""
    online = members.get("OnlineStoreConfig") or {}
    offline = members.get("OfflineStoreConfig")
    return GroupSpec(
        name=members["FeatureGroupName"],
        record_identifier_name=members["RecordIdentifierFeatureName"],
        event_time_name=members["EventTimeFeatureName"],
        features=feature_definitions(members["FeatureDefinitions"]),
        online=_online_store(online) if online.get("EnableOnlineStore") else None,
        offline=_offline_spec(offline) if offline is not None else None,
        role_arn=members.get("RoleArn"),
        description=members.get("Description"),
        throughput=throughput(members.get("ThroughputConfig") or {"ThroughputMode": "OnDemand"}),
        tags=tag_pairs(members.get("Tags") or []),
    )


def feature_definitions(definitions: list[Members]) -> tuple[FeatureDefinition, ...]:
    """FeatureDefinitions, or FeatureAdditions."""
    return tuple(_feature_definition(each) for each in definitions)


def online_change(config: Members) -> OnlineChange:
    """UpdateFeatureGroup's OnlineStoreConfig: a TtlDuration without members removes it."""
    ttl, storage_type = config.get("TtlDuration"), config.get("StorageType")
    return OnlineChange(
        sets_ttl=ttl is not None,
        ttl=_ttl(ttl),
        storage_type=StorageType(storage_type) if storage_type is not None else None,
    )


def throughput(config: Members) -> Throughput:
    """A ThroughputConfig without what is absent."""
    return {name: value for name, value in config.items() if value is not None}


def tag_pairs(tags: list[Members]) -> tuple[tuple[str, str], ...]:
    """Tags, or FeatureParameters, as keys and values."""
    return tuple((tag["Key"], tag["Value"]) for tag in tags)


def _feature_definition(members: Members) -> FeatureDefinition:
    collection = members.get("CollectionType")
    vector = (members.get("CollectionConfig") or {}).get("VectorConfig") or {}
    return FeatureDefinition(
        name=members["FeatureName"],
        type=FeatureType(members["FeatureType"]),
        collection=CollectionType(collection) if collection is not None else None,
        dimension=vector.get("Dimension"),
    )


def _online_store(config: Members) -> OnlineStore:
    return OnlineStore(
        storage_type=StorageType(config.get("StorageType") or StorageType.STANDARD),
        ttl=_ttl(config.get("TtlDuration")),
        kms_key_id=(config.get("SecurityConfig") or {}).get("KmsKeyId"),
    )


def _offline_spec(config: Members) -> OfflineSpec:
    storage = config["S3StorageConfig"]
    catalog = config.get("DataCatalogConfig")
    table_format = config.get("TableFormat") or "Default"
    return OfflineSpec(
        s3_uri=storage["S3Uri"],
        kms_key_id=storage.get("KmsKeyId"),
        catalog=catalog
        and CatalogSpec(catalog["Catalog"], catalog["Database"], catalog["TableName"]),
        table_format=None if table_format == "Default" else TableFormat(table_format),
        disable_glue_table_creation=bool(config.get("DisableGlueTableCreation")),
    )


def _ttl(ttl: Members | None) -> TtlDuration | None:
    if ttl is None or ttl.get("Unit") is None:
        return None
    return TtlDuration(ttl["Unit"], ttl["Value"])


def _ttl_problems(ttl: Members | None) -> Iterator[Problem]:
    """Unit and Value come together, or neither: that means no time to live."""
    if ttl is None or (ttl.get("Unit") is None) == (ttl.get("Value") is None):
        return
    absent = "Unit" if ttl.get("Unit") is None else "Value"
    path: Path = ("OnlineStoreConfig", "TtlDuration", absent)
    text = "Member must not be null where its sibling is given; leave both out for no time to live"
    yield Problem(path, text, "null")


def _disabled_problems(online: Members) -> Iterator[Problem]:
    """Settings of an online store that the group would not have must not pass unnoticed."""
    for name in _ONLINE_SETTINGS:
        if online.get(name) is not None:
            text = "Member must be left out where EnableOnlineStore is not true"
            yield Problem(("OnlineStoreConfig", name), text, shown(online[name]))


def _parameter_problems(members: Members) -> Iterator[Problem]:
    """The model lets a parameter lack its key or its value; there is no sense in that."""
    for place, parameter in enumerate(members.get("ParameterAdditions") or []):
        for name in ("Key", "Value"):
            if parameter.get(name) is None:
                path = ("ParameterAdditions", place, name)
                yield Problem(path, "Member must not be null", "null")
