"""Feature groups as items of the registry table: one layout for every function that reads it.

Items are DynamoDB's attribute maps, as the low-level API and streams carry them.

    G#<name>  group        the group that bears the name: ``doc``, its whole document, and beside it
                           what is selected or conditioned on: ``uid``, ``status``, ``revision``,
                           ``last_update``; ``kind`` and ``name`` are the key of the index
    U#<uid>   group        the name that the identity bears; once it is deleted, its ``doc``
    U#<uid>   f#<feature>  a feature's description and parameters (``larder.groups.metadata``)

A document is one JSON string. Features are ``[name, "S"|"I"|"F"]``, a collection with its shape's
first letter ``"L"|"S"|"V"`` and a Vector's length. So 2,500 of them stay below 200 KB. ``format``
is the number of this form, from 2 on (``larder.formats``). Members and attributes that a newer
release has added stay when an item is written again (``carrying``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any, TypeVar

import orjson

from larder.access.grants import Grants, Right
from larder.errors import NewerFormat
from larder.formats import MEMBER, Format, carried
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
    OfflineStore,
    OnlineStore,
    StorageType,
    TableFormat,
    TtlDuration,
    TtlUnit,
    UpdateStatus,
)

Item = dict[str, Any]
Document = dict[str, Any]
E = TypeVar("E", bound=Enum)
FORMAT = Format("group")
KIND = "group"
GROUP_SORT_KEY = {"S": "group"}
_TYPES = {each.value[0]: each for each in FeatureType}
_COLLECTIONS = {each.value[0]: each for each in CollectionType}


def name_key(name: str) -> Item:
    """Key of the item of the group that bears a name."""
    return {"pk": {"S": f"G#{name}"}, "sk": GROUP_SORT_KEY}


def uid_key(uid: str) -> Item:
    """Key of the item that knows a group by its identity."""
    return {"pk": {"S": f"U#{uid}"}, "sk": GROUP_SORT_KEY}


def is_live_group(key: Mapping[str, Any]) -> bool:
    """Whether a key, as in a stream record, is that of a group that bears a name."""
    return str(key["pk"]["S"]).startswith("G#") and bool(key["sk"] == GROUP_SORT_KEY)


def to_item(group: FeatureGroup) -> Item:
    """The item of a group that bears its name."""
    item = {
        **name_key(group.name),
        "kind": {"S": KIND},
        "name": {"S": group.name},
        "uid": {"S": group.uid},
        "status": {"S": group.status.value},
        "revision": {"N": str(group.revision)},
        "doc": {"S": orjson.dumps(to_document(group)).decode()},
    }
    if group.last_update is not None:
        item["last_update"] = {"S": group.last_update.value}
    return item


def from_item(item: Mapping[str, Any]) -> FeatureGroup:
    """The group in an item that has a document.

    Raises:
        NewerFormat: a newer release has written it.
        KeyError, ValueError: the item is not of this layout.
    """
    return from_document(orjson.loads(item["doc"]["S"]))


def carrying(before: Mapping[str, Any], item: Item) -> Item:
    """An item to be written, with what the stored one has that this release does not know."""
    old, new = orjson.loads(before["doc"]["S"]), orjson.loads(item["doc"]["S"])
    document = carried(old, new, _MEMBERS)
    for member, known in _NESTED.items():
        if isinstance(old.get(member), dict) and isinstance(new.get(member), dict):
            document[member] = carried(old[member], new[member], known)
    if len(old["features"]) <= len(new["features"]):
        pairs = zip(old["features"], new["features"], strict=False)
        rows = [_with_cells_of(stored, row) for stored, row in pairs]
        document["features"] = [*rows, *new["features"][len(rows) :]]
    return {**carried(before, item, _ATTRIBUTES), "doc": {"S": orjson.dumps(document).decode()}}


def to_document(group: FeatureGroup) -> Document:
    """The group as JSON values; absent members are left out."""
    document: Document = {
        "name": group.name,
        "uid": group.uid,
        "arn": group.arn,
        "record_identifier": group.record_identifier_name,
        "event_time": group.event_time_name,
        "features": [_feature_row(feature) for feature in group.features],
        "online": group.online and _online_document(group.online),
        "offline": group.offline and _offline_document(group.offline),
        "created": group.creation_time,
        "modified": group.last_modified_time,
        "status": group.status.value,
        "failure": group.failure_reason,
        "role": group.role_arn,
        "description": group.description,
        "last_update": group.last_update and group.last_update.value,
        "last_update_failure": group.last_update_failure,
        "throughput": group.throughput,
        "tags": [list(tag) for tag in group.tags] or None,
        "declared_in": group.declared_in,
        "grants": asdict(group.grants) if group.grants else None,
        "growth": [list(step) for step in group.growth] or None,
        "shards": group.shards,
        "revision": group.revision,
    }
    return {member: value for member, value in document.items() if value is not None}


def from_document(document: Document) -> FeatureGroup:
    """The group that ``to_document`` was given.

    Raises:
        NewerFormat: a newer release has written it.
    """
    name = document.get("name")
    FORMAT.check(f"feature group {name}", document.get(MEMBER))
    try:
        return _group(document)
    except NewerFormat as error:
        raise NewerFormat(f"feature group {name}: {error}") from error


def _group(document: Document) -> FeatureGroup:
    online, offline = document.get("online"), document.get("offline")
    last_update = document.get("last_update")
    return FeatureGroup(
        name=document["name"],
        uid=document["uid"],
        arn=document["arn"],
        record_identifier_name=document["record_identifier"],
        event_time_name=document["event_time"],
        features=tuple(_feature(row) for row in document["features"]),
        online=_online_store(online) if online is not None else None,
        offline=_offline_store(offline) if offline is not None else None,
        creation_time=document["created"],
        last_modified_time=document["modified"],
        status=_value(FeatureGroupStatus, document["status"]),
        failure_reason=document.get("failure"),
        role_arn=document.get("role"),
        description=document.get("description"),
        last_update=_value(UpdateStatus, last_update) if last_update else None,
        last_update_failure=document.get("last_update_failure"),
        throughput=document["throughput"],
        tags=tuple((tag[0], tag[1]) for tag in document.get("tags", ())),
        declared_in=document.get("declared_in"),
        grants=_grants(document.get("grants", {})),
        growth=tuple((step[0], step[1]) for step in document.get("growth", ())),
        shards=document["shards"],
        revision=document["revision"],
    )


def _feature_row(feature: FeatureDefinition) -> list[str | int]:
    row: list[str | int] = [feature.name, feature.type.value[0]]
    if feature.collection is not None:
        row.append(feature.collection.value[0])
    if feature.dimension is not None:
        row.append(feature.dimension)
    return row


def _feature(row: list[Any]) -> FeatureDefinition:
    name, kind, *rest = row
    shape = _lettered(_COLLECTIONS, rest[0]) if rest and rest[0] else None
    return FeatureDefinition(
        name, _lettered(_TYPES, kind), shape, rest[1] if len(rest) > 1 else None
    )


def _with_cells_of(stored: list[Any], row: list[Any]) -> list[Any]:
    more = stored[_FEATURE_CELLS:]
    return [*row, *[None] * (_FEATURE_CELLS - len(row)), *more] if more else row


def _lettered(by_letter: Mapping[str, E], letter: object) -> E:
    found = by_letter.get(str(letter))
    kind = type(next(iter(by_letter.values())))
    return found if found is not None else FORMAT.value("a feature", kind, letter)


def _value(kind: type[E], given: object) -> E:
    return FORMAT.value("the group", kind, given)


def _grants(document: Document) -> Grants:
    """Who may what; rights that are not known are never passed over, or a group might be open."""
    for right in document:
        _value(Right, right)
    return Grants(**{right: tuple(to) for right, to in document.items()})


def _online_document(online: OnlineStore) -> Document:
    ttl = online.ttl and [online.ttl.unit, online.ttl.value]
    return {"storage": online.storage_type.value, "ttl": ttl, "key": online.kms_key_id}


def _online_store(document: Document) -> OnlineStore:
    ttl = document["ttl"]
    return OnlineStore(
        _value(StorageType, document["storage"]),
        TtlDuration(_value(TtlUnit, ttl[0]).value, ttl[1]) if ttl else None,
        document["key"],
    )


def _offline_document(offline: OfflineStore) -> Document:
    return {
        "s3_uri": offline.s3_uri,
        "location": offline.location,
        "catalog": offline.catalog,
        "database": offline.database,
        "table": offline.table,
        "format": offline.table_format.value,
        "key": offline.kms_key_id,
        "no_glue_table": offline.disable_glue_table_creation,
        "status": offline.status,
    }


def _offline_store(document: Document) -> OfflineStore:
    return OfflineStore(
        s3_uri=document["s3_uri"],
        location=document["location"],
        catalog=document["catalog"],
        database=document["database"],
        table=document["table"],
        table_format=_value(TableFormat, document["format"]),
        kms_key_id=document["key"],
        disable_glue_table_creation=document["no_glue_table"],
        status=document["status"],
    )


_ATTRIBUTES = frozenset(
    {"pk", "sk", "kind", "name", "uid", "status", "revision", "doc", "last_update"}
)
_MEMBERS = frozenset(
    {"name", "uid", "arn", "record_identifier", "event_time", "features", "online", "offline"}
    | {"created", "modified", "status", "failure", "role", "description", "last_update"}
    | {"last_update_failure", "throughput", "tags", "declared_in", "grants", "growth", "shards"}
    | {"revision"}
)
_NESTED = {
    "online": frozenset({"storage", "ttl", "key"}),
    "offline": frozenset(
        {"s3_uri", "location", "catalog", "database", "table", "format", "key", "no_glue_table"}
        | {"status"}
    ),
}
_FEATURE_CELLS = 4
"""Cells of a feature's row that this release knows."""
