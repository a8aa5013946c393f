"""The requests on model packages and their groups, member by member."""

from __future__ import annotations

from larder.groups.api.shapes import MOMENT, NEXT_TOKEN, PAGE_SIZE, S3_URI, SORT_ORDER, TAGS
from larder.models.api import package_parts as part
from larder.wire.shapes import Flag, Many, Refused, Shape, Struct, Text

_GROUP = Struct({"ModelPackageGroupName": part.NAME_OR_ARN}, required=("ModelPackageGroupName",))
_PLAIN_GROUP: dict[str, Shape] = {"ModelPackageGroupName": part.NAME}
_LISTED: dict[str, Shape] = {
    "CreationTimeAfter": MOMENT,
    "CreationTimeBefore": MOMENT,
    "MaxResults": PAGE_SIZE,
    "NameContains": part.NAME_CONTAINS,
    "NextToken": NEXT_TOKEN,
    "SortBy": Text(enum=("Name", "CreationTime")),
    "SortOrder": SORT_ORDER,
}
_NO_MANAGED_STORAGE = (
    "Larder copies an artefact into the platform's own bucket at once; leave it out"
)
_ANNOTATIONS: dict[str, Shape] = {
    "ModelApprovalStatus": part.APPROVAL,
    "ModelPackageRegistrationType": part.REGISTRATION,
    "InferenceSpecification": part.SPECIFICATION,
    "CustomerMetadataProperties": part.METADATA,
    "SourceUri": part.SOURCE_URI,
    "ModelCard": part.CARD,
    "ModelLifeCycle": part.LIFE_CYCLE,
    "ClientToken": part.CLIENT_TOKEN,
}
PACKAGE_REQUESTS = {
    "CreateModelPackageGroup": Struct(
        {
            **_PLAIN_GROUP,
            "ModelPackageGroupDescription": part.DESCRIPTION,
            "Tags": TAGS,
            "ManagedConfiguration": Refused(_NO_MANAGED_STORAGE),
        },
        required=("ModelPackageGroupName",),
    ),
    "DescribeModelPackageGroup": _GROUP,
    "DeleteModelPackageGroup": _GROUP,
    "ListModelPackageGroups": Struct(
        {**_LISTED, "CrossAccountFilterOption": Text(enum=("SameAccount", "CrossAccount"))}
    ),
    "PutModelPackageGroupPolicy": Struct(
        {**_PLAIN_GROUP, "ResourcePolicy": Text(1, 20480, ".*")},
        required=("ModelPackageGroupName", "ResourcePolicy"),
    ),
    "GetModelPackageGroupPolicy": Struct(_PLAIN_GROUP, required=("ModelPackageGroupName",)),
    "DeleteModelPackageGroupPolicy": Struct(_PLAIN_GROUP, required=("ModelPackageGroupName",)),
    "CreateModelPackage": Struct(
        {
            **_ANNOTATIONS,
            "ModelPackageName": part.NAME,
            "ModelPackageGroupName": part.NAME_OR_ARN,
            "ModelPackageDescription": part.DESCRIPTION,
            "ValidationSpecification": Refused(
                "the import of the artefact is its validation; leave it out"
            ),
            "SourceAlgorithmSpecification": Refused(
                "Larder runs no algorithms; give an InferenceSpecification with the model's data"
            ),
            "CertifyForMarketplace": Flag(),
            "Tags": TAGS,
            "MetadataProperties": part.METADATA_PROPERTIES,
            "ModelMetrics": part.MODEL_METRICS,
            "Domain": Text(),
            "Task": Text(),
            "SamplePayloadUrl": S3_URI,
            "DriftCheckBaselines": part.BASELINES,
            "AdditionalInferenceSpecifications": part.ADDITIONAL,
            "SkipModelValidation": Text(enum=("All", "None")),
            "SecurityConfig": part.SECURITY,
            "ManagedStorageType": Refused(_NO_MANAGED_STORAGE),
        }
    ),
    "UpdateModelPackage": Struct(
        {
            **_ANNOTATIONS,
            "ModelPackageArn": part.PACKAGE_ARN,
            "ApprovalDescription": part.APPROVAL_DESCRIPTION,
            "CustomerMetadataPropertiesToRemove": Many(part.METADATA_KEY),
            "AdditionalInferenceSpecificationsToAdd": part.ADDITIONAL,
        },
        required=("ModelPackageArn",),
    ),
    "DescribeModelPackage": Struct(
        {
            "ModelPackageName": part.VERSION_OR_ARN,
            "IncludedData": Text(enum=("AllData", "MetadataOnly")),
        },
        required=("ModelPackageName",),
    ),
    "DeleteModelPackage": Struct(
        {"ModelPackageName": part.VERSION_OR_ARN}, required=("ModelPackageName",)
    ),
    "ListModelPackages": Struct(
        {
            **_LISTED,
            "ModelApprovalStatus": part.APPROVAL,
            "ModelPackageGroupName": part.NAME_OR_ARN,
            "ModelPackageType": Text(enum=("Versioned", "Unversioned", "Both")),
        }
    ),
    "BatchDescribeModelPackage": Struct(
        {"ModelPackageArnList": Many(part.PACKAGE_ARN, 1, 100)}, required=("ModelPackageArnList",)
    ),
}
"""Shape of each operation's request, by the operation's name."""
