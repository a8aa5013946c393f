"""The requests of the control plane, member by member; a test compares them with botocore's."""

from __future__ import annotations

from larder.groups.api import shapes as part
from larder.wire.shapes import Many, Shape, Struct, Text, Whole

_RESOURCES = (
    "TrainingJob",
    "Experiment",
    "ExperimentTrial",
    "ExperimentTrialComponent",
    "Endpoint",
    "Model",
    "ModelPackage",
    "ModelPackageGroup",
    "Pipeline",
    "PipelineExecution",
    "FeatureGroup",
    "FeatureMetadata",
    "Image",
    "ImageVersion",
    "Project",
    "HyperParameterTuningJob",
    "ModelCard",
    "PipelineVersion",
    "Job",
    "HubContent",
)
_OPERATORS = (
    "Equals",
    "NotEquals",
    "GreaterThan",
    "GreaterThanOrEqualTo",
    "LessThan",
    "LessThanOrEqualTo",
    "Contains",
    "Exists",
    "NotExists",
    "In",
)
_PROPERTY = Text(1, 255, ".+")
_FILTERS = Many(
    Struct(
        {
            "Name": _PROPERTY,
            "Operator": Text(enum=_OPERATORS),
            "Value": Text(1, 1024, ".+"),
        },
        required=("Name",),
    ),
    1,
    20,
)
_EXPRESSION_MEMBERS: dict[str, Shape] = {
    "Filters": _FILTERS,
    "NestedFilters": Many(
        Struct(
            {"NestedPropertyName": _PROPERTY, "Filters": _FILTERS},
            required=("NestedPropertyName", "Filters"),
        ),
        1,
        20,
    ),
    "Operator": Text(enum=("And", "Or")),
}
_EXPRESSION = Struct(_EXPRESSION_MEMBERS)
_EXPRESSION_MEMBERS["SubExpressions"] = Many(_EXPRESSION, 1, 20)  # it contains itself

CREATE_FEATURE_GROUP = Struct(
    {
        "FeatureGroupName": part.GROUP_NAME,
        "RecordIdentifierFeatureName": part.FEATURE_NAME,
        "EventTimeFeatureName": part.FEATURE_NAME,
        "FeatureDefinitions": Many(part.FEATURE_DEFINITION, 1, 2500),
        "OnlineStoreConfig": part.ONLINE_STORE,
        "OfflineStoreConfig": part.OFFLINE_STORE,
        "ThroughputConfig": part.THROUGHPUT,
        "RoleArn": part.ROLE_ARN,
        "Description": part.DESCRIPTION,
        "Tags": part.TAGS,
    },
    required=(
        "FeatureGroupName",
        "RecordIdentifierFeatureName",
        "EventTimeFeatureName",
        "FeatureDefinitions",
    ),
)
_FEATURE: dict[str, Shape] = {
    "FeatureGroupName": part.GROUP_NAME_OR_ARN,
    "FeatureName": part.FEATURE_NAME,
}
_BY_ARN: dict[str, Shape] = {"ResourceArn": part.RESOURCE_ARN}
REQUESTS = {
    "CreateFeatureGroup": CREATE_FEATURE_GROUP,
    "DescribeFeatureGroup": Struct(
        {"FeatureGroupName": part.GROUP_NAME_OR_ARN, "NextToken": part.NEXT_TOKEN},
        required=("FeatureGroupName",),
    ),
    "UpdateFeatureGroup": Struct(
        {
            "FeatureGroupName": part.GROUP_NAME_OR_ARN,
            "FeatureAdditions": Many(part.FEATURE_DEFINITION, 1, 100),
            "OnlineStoreConfig": part.ONLINE_STORE_UPDATE,
            "ThroughputConfig": part.THROUGHPUT_UPDATE,
        },
        required=("FeatureGroupName",),
    ),
    "DeleteFeatureGroup": Struct(
        {"FeatureGroupName": part.GROUP_NAME}, required=("FeatureGroupName",)
    ),
    "ListFeatureGroups": Struct(
        {
            "NameContains": Text(1, 64),
            "FeatureGroupStatusEquals": part.GROUP_STATUS,
            "OfflineStoreStatusEquals": part.OFFLINE_STATUS,
            "CreationTimeAfter": part.MOMENT,
            "CreationTimeBefore": part.MOMENT,
            "SortOrder": part.SORT_ORDER,
            "SortBy": Text(
                enum=("Name", "FeatureGroupStatus", "OfflineStoreStatus", "CreationTime")
            ),
            "MaxResults": part.PAGE_SIZE,
            "NextToken": part.NEXT_TOKEN,
        }
    ),
    "DescribeFeatureMetadata": Struct(_FEATURE, required=("FeatureGroupName", "FeatureName")),
    "UpdateFeatureMetadata": Struct(
        {
            **_FEATURE,
            "Description": part.FEATURE_DESCRIPTION,
            "ParameterAdditions": part.PARAMETERS,
            "ParameterRemovals": Many(part.PARAMETER_WORD, 0, 25),
        },
        required=("FeatureGroupName", "FeatureName"),
    ),
    "Search": Struct(
        {
            "Resource": Text(enum=_RESOURCES),
            "SearchExpression": _EXPRESSION,
            "SortBy": _PROPERTY,
            "SortOrder": part.SORT_ORDER,
            "NextToken": part.NEXT_TOKEN,
            "MaxResults": part.PAGE_SIZE,
            "CrossAccountFilterOption": Text(enum=("SameAccount", "CrossAccount")),
            "VisibilityConditions": Many(
                Struct({"Key": part.TAG_KEY, "Value": part.TAG_VALUE}), 1, 5
            ),
        },
        required=("Resource",),
    ),
    "AddTags": Struct({**_BY_ARN, "Tags": part.TAGS}, required=("ResourceArn", "Tags")),
    "ListTags": Struct(
        {**_BY_ARN, "NextToken": part.NEXT_TOKEN, "MaxResults": Whole(50)},
        required=("ResourceArn",),
    ),
    "DeleteTags": Struct(
        {**_BY_ARN, "TagKeys": Many(part.TAG_KEY, 1, 50)}, required=("ResourceArn", "TagKeys")
    ),
}
"""Shape of each operation's request, by the operation's name."""
