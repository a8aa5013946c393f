"""Feature groups as code, on the wire: a definition file's members to CreateFeatureGroup's.

A definition travels as a JSON document ``{"File", "Request", "Features", "Grants"}``: the request
as CreateFeatureGroup has it, without what only the deployed platform knows; the descriptions and
parameters of features; the patterns of each right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from larder.access.grants import Grants
from larder.declared.apply import Definition, FeatureNote
from larder.groups.api.requests import group_spec, request_problems, tag_pairs
from larder.groups.platform_rules import CATALOG, Platform
from larder.problems import Path, refuse

Members = Mapping[str, Any]

_FILE_MEMBERS = {
    "FeatureGroupName": "name",
    "RecordIdentifierFeatureName": "record_identifier",
    "EventTimeFeatureName": "event_time",
    "OnlineStoreConfig": "online",
    "StorageType": "storage_type",
    "TtlDuration": "ttl",
    "Unit": "unit",
    "Value": "value",
    "OfflineStoreConfig": "offline",
    "TableFormat": "table_format",
    "FeatureDefinitions": "features",
    "FeatureName": "name",
    "FeatureType": "type",
    "CollectionType": "collection",
    "CollectionConfig": "dimension",
    "Tags": "tags",
}


def to_document(file: str, members: Members) -> dict[str, Any]:
    """The document of a file whose members are of the shape ``larder.declared.shape.FILE``."""
    online, offline = members.get("online"), members.get("offline")
    request = {
        "FeatureGroupName": members["name"],
        "RecordIdentifierFeatureName": members["record_identifier"],
        "EventTimeFeatureName": members["event_time"],
        "FeatureDefinitions": [_feature_definition(each) for each in members["features"]],
        "OnlineStoreConfig": _online_config(online) if online is not None else None,
        "OfflineStoreConfig": _offline_config(offline) if offline is not None else None,
        "Description": members.get("description"),
        "Tags": _pairs(members.get("tags")),
    }
    notes = {
        each["name"]: _present(
            {"Description": each.get("description"), "Parameters": _pairs(each.get("parameters"))}
        )
        for each in members["features"]
    }
    return {
        "File": file,
        "Request": _present(request),
        "Features": {name: note for name, note in notes.items() if note},
        "Grants": _present(members.get("grants") or {}),
    }


def to_definition(document: Members, platform: Platform) -> Definition:
    """The definition in a document, on a platform that fills in where offline data go.

    Raises:
        KeyError: the document is not one that ``to_document`` made.
        ValidationError: its request is not one that CreateFeatureGroup's model allows.
    """
    request = dict(document["Request"])
    offline = request.get("OfflineStoreConfig")
    if offline is not None:
        request["OfflineStoreConfig"] = {"S3StorageConfig": {"S3Uri": "s3://default"}, **offline}
        if "DataCatalogConfig" in offline:
            catalog = {"Database": platform.glue_database, **offline["DataCatalogConfig"]}
            request["OfflineStoreConfig"]["DataCatalogConfig"] = catalog
    refuse(request_problems("CreateFeatureGroup", request))
    notes = tuple(
        FeatureNote(name, note.get("Description"), tag_pairs(note.get("Parameters", [])))
        for name, note in document["Features"].items()
    )
    granted = {right: tuple(patterns) for right, patterns in document.get("Grants", {}).items()}
    spec = replace(group_spec(request), grants=Grants(**granted))
    if spec.offline is not None and "S3StorageConfig" not in (offline or {}):
        spec = replace(spec, offline=replace(spec.offline, s3_uri=None))
    ttl = (request.get("OnlineStoreConfig") or {}).get("TtlDuration")
    return Definition(
        file=document["File"],
        spec=spec,
        notes=notes,
        removes_ttl=ttl == {},
    )


def file_path(path: Path, members: Members) -> Path:
    """Where a member of CreateFeatureGroup is in the definition file."""
    if path[:1] == ("Tags",) and len(path) > 1:
        return ("tags", list(members["tags"])[int(path[1])])
    return tuple(_FILE_MEMBERS.get(str(step), step) for step in path)


def _feature_definition(feature: Members) -> dict[str, Any]:
    dimension = feature.get("dimension")
    return _present(
        {
            "FeatureName": feature["name"],
            "FeatureType": feature["type"],
            "CollectionType": feature.get("collection"),
            "CollectionConfig": dimension and {"VectorConfig": {"Dimension": dimension}},
        }
    )


def _online_config(online: Members) -> dict[str, Any]:
    ttl = online.get("ttl")
    duration = _present({"Unit": ttl.get("unit"), "Value": ttl.get("value")}) if ttl else ttl
    return _present(
        {
            "EnableOnlineStore": True,
            "StorageType": online.get("storage_type"),
            "TtlDuration": duration,
        }
    )


def _offline_config(offline: Members) -> dict[str, Any]:
    uri, table = offline.get("s3_uri"), offline.get("table")
    return _present(
        {
            "S3StorageConfig": {"S3Uri": uri} if uri is not None else None,
            "TableFormat": offline.get("table_format"),
            "DataCatalogConfig": table and {"Catalog": CATALOG, "TableName": table},
        }
    )


def _pairs(words: Members | None) -> list[dict[str, str]] | None:
    return [{"Key": key, "Value": value} for key, value in words.items()] if words else None


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
