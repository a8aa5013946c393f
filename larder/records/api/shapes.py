"""Requests of the data plane as SageMaker's model states them (botocore 1.44.5, 2020-07-01).

Members of path, query and body are together, as they do in the model; a test compares them with
botocore's, limit by limit.
"""

from __future__ import annotations

from larder.wire.shapes import Flag, Many, Shape, Struct, Text, Whole

_GROUP = Text(
    min=1,
    max=150,
    pattern=r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:feature-group/)?"
    r"([a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63})",
)
_VALUE = Text(max=358_400)
_FEATURE = Text(min=1, max=64, pattern="^[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}")
_FEATURES = Many(_FEATURE, min=1)
_SWITCH = Text(enum=("Enabled", "Disabled"))
_STORES = Many(Text(enum=("OnlineStore", "OfflineStore")), min=1, max=2)
_TTL = Struct(
    {
        "Unit": Text(enum=("Seconds", "Minutes", "Hours", "Days", "Weeks")),
        "Value": Whole(min=1),
    },
    required=("Unit", "Value"),
)
_RECORD = Many(
    Struct(
        {
            "FeatureName": _FEATURE,
            "ValueAsString": _VALUE,
            "ValueAsStringList": Many(_VALUE, max=358_400),
        },
        required=("FeatureName",),
    ),
    min=1,
)
_WRITE: dict[str, Shape] = {
    "FeatureGroupName": _GROUP,
    "Record": _RECORD,
    "TargetStores": _STORES,
    "TtlDuration": _TTL,
}
_WRITE_REQUIRED = ("FeatureGroupName", "Record")
_IDENTIFIERS = Struct(
    {
        "FeatureGroupName": _GROUP,
        "RecordIdentifiersValueAsString": Many(_VALUE, min=1, max=100),
        "FeatureNames": _FEATURES,
    },
    required=("FeatureGroupName", "RecordIdentifiersValueAsString"),
)

REQUESTS: dict[str, Struct] = {
    "PutRecord": Struct(_WRITE, required=_WRITE_REQUIRED),
    "BatchWriteRecord": Struct(
        {
            "Entries": Many(Struct(_WRITE, required=_WRITE_REQUIRED), min=1, max=25),
            "TtlDuration": _TTL,
        },
        required=("Entries",),
    ),
    "UpdateRecord": Struct(
        {
            "FeatureGroupName": _GROUP,
            "RecordIdentifierValueAsString": _VALUE,
            "Features": _RECORD,
            "TargetStores": _STORES,
            "TtlDuration": _TTL,
        },
        required=("FeatureGroupName", "RecordIdentifierValueAsString", "Features"),
    ),
    "ListRecords": Struct(
        {
            "FeatureGroupName": _GROUP,
            "MaxResults": Whole(min=1, max=100),
            "NextToken": Text(min=1, max=8192),
            "IncludeSoftDeletedRecords": Flag(),
        },
        required=("FeatureGroupName",),
    ),
    "GetRecord": Struct(
        {
            "FeatureGroupName": _GROUP,
            "RecordIdentifierValueAsString": _VALUE,
            "FeatureNames": _FEATURES,
            "ExpirationTimeResponse": _SWITCH,
        },
        required=("FeatureGroupName", "RecordIdentifierValueAsString"),
    ),
    "BatchGetRecord": Struct(
        {
            "Identifiers": Many(_IDENTIFIERS, min=1, max=100),
            "ExpirationTimeResponse": _SWITCH,
        },
        required=("Identifiers",),
    ),
    "DeleteRecord": Struct(
        {
            "FeatureGroupName": _GROUP,
            "RecordIdentifierValueAsString": _VALUE,
            "EventTime": _VALUE,
            "TargetStores": _STORES,
            "DeletionMode": Text(enum=("SoftDelete", "HardDelete")),
        },
        required=("FeatureGroupName", "RecordIdentifierValueAsString", "EventTime"),
    ),
}
"""Operation to its request; every other operation is refused before it comes to a shape."""
