"""The control plane's answers: the core's values to SageMaker's members.

Absent members are left out, never ``null`` or empty: an empty CollectionType makes the SageMaker
SDK take every feature for a collection. Times are epoch seconds with milliseconds.
"""

from __future__ import annotations

from typing import Any

from larder.groups.feature_group import FeatureDefinition, FeatureGroup, OfflineStore, OnlineStore
from larder.groups.listing import offline_status
from larder.groups.locations import data_uri

Members = dict[str, Any]
_LONGEST_REASON = 1024


def described(group: FeatureGroup) -> Members:
    """DescribeFeatureGroup's answer."""
    return present(
        {
            **searched(group),
            "Tags": None,
            "ThroughputConfig": dict(group.throughput),
        }
    )


def searched(group: FeatureGroup) -> Members:
    """A feature group as Search answers it, tags included."""
    return present(
        {
            "FeatureGroupArn": group.arn,
            "FeatureGroupName": group.name,
            "RecordIdentifierFeatureName": group.record_identifier_name,
            "EventTimeFeatureName": group.event_time_name,
            "FeatureDefinitions": [
                feature_definition(feature)
                for feature in group.features
                if feature.name not in group.removed
            ],
            "CreationTime": seconds(group.creation_time),
            "LastModifiedTime": seconds(group.last_modified_time),
            "OnlineStoreConfig": group.online and _online_config(group.online),
            "OfflineStoreConfig": group.offline and _offline_config(group.offline),
            "RoleArn": group.role_arn,
            "FeatureGroupStatus": group.status.value,
            "OfflineStoreStatus": {"Status": offline_status(group)},
            "LastUpdateStatus": _last_update(group),
            "FailureReason": _reason(group.failure_reason),
            "Description": group.description,
            "Tags": tag_list(group.tags) or None,
        }
    )


def summarized(group: FeatureGroup) -> Members:
    """A feature group as ListFeatureGroups answers it."""
    return {
        "FeatureGroupName": group.name,
        "FeatureGroupArn": group.arn,
        "CreationTime": seconds(group.creation_time),
        "FeatureGroupStatus": group.status.value,
        "OfflineStoreStatus": {"Status": offline_status(group)},
    }


def tag_list(pairs: tuple[tuple[str, str], ...]) -> list[Members]:
    """Keys and values as Tags or FeatureParameters."""
    return [{"Key": key, "Value": value} for key, value in pairs]


def seconds(micros: int) -> float:
    """Epoch seconds with milliseconds, as the wire has times."""
    return micros // 1000 / 1000


def present(members: Members) -> Members:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def feature_definition(feature: FeatureDefinition) -> Members:
    """A feature as FeatureDefinitions has it."""
    members: Members = {"FeatureName": feature.name, "FeatureType": feature.type.value}
    if feature.collection is not None:
        members["CollectionType"] = feature.collection.value
    if feature.dimension is not None:
        members["CollectionConfig"] = {"VectorConfig": {"Dimension": feature.dimension}}
    return members


def _online_config(online: OnlineStore) -> Members:
    ttl, key = online.ttl, online.kms_key_id
    return present(
        {
            "SecurityConfig": {"KmsKeyId": key} if key is not None else None,
            "EnableOnlineStore": True,
            "TtlDuration": {"Unit": ttl.unit, "Value": ttl.value} if ttl else None,
            "StorageType": online.storage_type.value,
        }
    )


def _offline_config(offline: OfflineStore) -> Members:
    catalogued = {
        "TableName": offline.table,
        "Catalog": offline.catalog,
        "Database": offline.database,
    }
    return present(
        {
            "S3StorageConfig": present(
                {
                    "S3Uri": offline.s3_uri,
                    "KmsKeyId": offline.kms_key_id,
                    "ResolvedOutputS3Uri": data_uri(offline),
                }
            ),
            "DisableGlueTableCreation": offline.disable_glue_table_creation,
            "DataCatalogConfig": catalogued if offline.table else None,
            "TableFormat": offline.table_format.value,
        }
    )


def _last_update(group: FeatureGroup) -> Members | None:
    if group.last_update is None:
        return None
    failure = _reason(group.last_update_failure)
    return present({"Status": group.last_update.value, "FailureReason": failure})


def _reason(text: str | None) -> str | None:
    return text[:_LONGEST_REASON] if text is not None else None
