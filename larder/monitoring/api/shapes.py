"""The requests on schedules of monitoring, member by member, by the limits of botocore's model."""

from __future__ import annotations

from typing import Final

from larder.groups.api.shapes import (
    KMS_KEY_ID,
    MOMENT,
    NEXT_TOKEN,
    PAGE_SIZE,
    ROLE_ARN,
    S3_URI,
    SORT_ORDER,
    TAGS,
)
from larder.models.api.control_parts import VPC
from larder.models.api.instance_types import PROCESSING_INSTANCE_TYPES
from larder.wire.shapes import Flag, Many, Map, Refused, Shape, Struct, Text, Whole

NAME = Text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_ENDPOINT = Text(0, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_NAME_CONTAINS = Text(0, 63, r"[a-zA-Z0-9\-]+")
_DEFINITION: dict[str, Shape] = {"JobDefinitionName": NAME}
_SCHEDULE: dict[str, Shape] = {"MonitoringScheduleName": NAME}
_DOCUMENT = Struct({"S3Uri": S3_URI})
_TYPE = Text(enum=("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability"))
_NO_CODE: Final = "Larder judges by itself and runs no container; leave it out"
_NO_PATHS: Final = "exposures have a model's inputs and scores by their names; leave it out"
_NO_OFFSETS: Final = "data quality is judged over the whole window; leave it out"
_NO_TRANSFORMS: Final = (
    "Larder judges what endpoints are asked; give EndpointInput. The records of a transform job "
    "lie on S3 already"
)
_NO_JOBS: Final = (
    "Larder runs no processing jobs; name the documents by ConstraintsResource and "
    "StatisticsResource, or leave both out for the model's own baseline"
)
_INPUT = Struct(
    {
        "EndpointInput": Struct(
            {
                "EndpointName": _ENDPOINT,
                "LocalPath": Text(0, 256, ".*"),
                "S3InputMode": Text(enum=("Pipe", "File")),
                "S3DataDistributionType": Text(enum=("FullyReplicated", "ShardedByS3Key")),
                "FeaturesAttribute": Refused(_NO_PATHS),
                "InferenceAttribute": Refused(_NO_PATHS),
                "ProbabilityAttribute": Refused(_NO_PATHS),
                "ProbabilityThresholdAttribute": Refused(_NO_PATHS),
                "StartTimeOffset": Refused(_NO_OFFSETS),
                "EndTimeOffset": Refused(_NO_OFFSETS),
                "ExcludeFeaturesAttribute": Refused(
                    "leave the features out of constraints.json instead"
                ),
            },
            required=("EndpointName", "LocalPath"),
        ),
        "BatchTransformInput": Refused(_NO_TRANSFORMS),
    }
)
_APPLICATION = Struct(
    {
        "ImageUri": Text(0, 255, ".*"),
        "ContainerEntrypoint": Refused(_NO_CODE),
        "ContainerArguments": Refused(_NO_CODE),
        "RecordPreprocessorSourceUri": Refused(_NO_CODE),
        "PostAnalyticsProcessorSourceUri": Refused(_NO_CODE),
        "Environment": Map(Text(0, 256, "[a-zA-Z_][a-zA-Z0-9_]*"), Text(0, 256, r"[\S\s]*"), 50),
    },
    required=("ImageUri",),
)
_OUTPUT = Struct(
    {
        "MonitoringOutputs": Many(
            Struct(
                {
                    "S3Output": Struct(
                        {
                            "S3Uri": Text(0, 512, r"(https|s3)://([^/]+)/?(.*)"),
                            "LocalPath": Text(0, 256, ".*"),
                            "S3UploadMode": Text(enum=("Continuous", "EndOfJob")),
                        },
                        required=("S3Uri", "LocalPath"),
                    )
                },
                required=("S3Output",),
            ),
            1,
            1,
        ),
        "KmsKeyId": KMS_KEY_ID,
    },
    required=("MonitoringOutputs",),
)
_MODEL_QUALITY: Final = (
    "labels are a feature group or a table here, and no folder of GroundTruthS3Input; ask by "
    "larder monitor quality ENDPOINT --labels NAME"
)
_CLUSTER = Struct(
    {
        "InstanceCount": Whole(1, 100),
        "InstanceType": Text(enum=PROCESSING_INSTANCE_TYPES),
        "VolumeSizeInGB": Whole(1, 16384),
        "VolumeKmsKeyId": KMS_KEY_ID,
    },
    required=("InstanceCount", "InstanceType", "VolumeSizeInGB"),
)
_NETWORK = Struct(
    {
        "EnableInterContainerTrafficEncryption": Flag(),
        "EnableNetworkIsolation": Flag(),
        "VpcConfig": VPC,
    }
)
_CONFIG = Struct(
    {
        "ScheduleConfig": Struct(
            {
                "ScheduleExpression": Text(1, 256),
                "DataAnalysisStartTime": Text(),
                "DataAnalysisEndTime": Text(),
            },
            required=("ScheduleExpression",),
        ),
        "MonitoringJobDefinition": Refused(
            "create it by CreateDataQualityJobDefinition, and give its MonitoringJobDefinitionName"
        ),
        "MonitoringJobDefinitionName": NAME,
        "MonitoringType": _TYPE,
    }
)
_LISTED: dict[str, Shape] = {
    "EndpointName": _ENDPOINT,
    "SortOrder": SORT_ORDER,
    "NextToken": NEXT_TOKEN,
    "MaxResults": PAGE_SIZE,
    "CreationTimeBefore": MOMENT,
    "CreationTimeAfter": MOMENT,
}
_OF_SCHEDULES: dict[str, Shape] = {
    "LastModifiedTimeBefore": MOMENT,
    "LastModifiedTimeAfter": MOMENT,
    "MonitoringJobDefinitionName": NAME,
    "MonitoringTypeEquals": _TYPE,
}
_ONE_DEFINITION = Struct(_DEFINITION, required=("JobDefinitionName",))
_LIST_DEFINITIONS = Struct(
    {
        **_LISTED,
        "NameContains": _NAME_CONTAINS,
        "SortBy": Text(enum=("Name", "CreationTime")),
    }
)
_ONE_SCHEDULE = Struct(_SCHEDULE, required=("MonitoringScheduleName",))
REQUESTS: dict[str, Struct] = {
    "CreateDataQualityJobDefinition": Struct(
        {
            **_DEFINITION,
            "DataQualityBaselineConfig": Struct(
                {
                    "BaseliningJobName": Refused(_NO_JOBS),
                    "ConstraintsResource": _DOCUMENT,
                    "StatisticsResource": _DOCUMENT,
                }
            ),
            "DataQualityAppSpecification": _APPLICATION,
            "DataQualityJobInput": _INPUT,
            "DataQualityJobOutputConfig": _OUTPUT,
            "JobResources": Struct({"ClusterConfig": _CLUSTER}, required=("ClusterConfig",)),
            "NetworkConfig": _NETWORK,
            "RoleArn": ROLE_ARN,
            "StoppingCondition": Struct(
                {"MaxRuntimeInSeconds": Whole(1, 86400)}, required=("MaxRuntimeInSeconds",)
            ),
            "Tags": TAGS,
        },
        required=(
            "JobDefinitionName",
            "DataQualityAppSpecification",
            "DataQualityJobInput",
            "DataQualityJobOutputConfig",
            "JobResources",
            "RoleArn",
        ),
    ),
    "DescribeDataQualityJobDefinition": _ONE_DEFINITION,
    "DeleteDataQualityJobDefinition": _ONE_DEFINITION,
    "ListDataQualityJobDefinitions": _LIST_DEFINITIONS,
    "CreateModelQualityJobDefinition": Struct(
        {
            **_DEFINITION,
            "ModelQualityBaselineConfig": Refused(_MODEL_QUALITY),
            "ModelQualityAppSpecification": Refused(_MODEL_QUALITY),
            "ModelQualityJobInput": Refused(_MODEL_QUALITY),
            "ModelQualityJobOutputConfig": Refused(_MODEL_QUALITY),
            "JobResources": Refused(_MODEL_QUALITY),
            "NetworkConfig": Refused(_MODEL_QUALITY),
            "RoleArn": Refused(_MODEL_QUALITY),
            "StoppingCondition": Refused(_MODEL_QUALITY),
            "Tags": Refused(_MODEL_QUALITY),
        },
        required=(
            "JobDefinitionName",
            "ModelQualityAppSpecification",
            "ModelQualityJobInput",
            "ModelQualityJobOutputConfig",
            "JobResources",
            "RoleArn",
        ),
    ),
    "DescribeModelQualityJobDefinition": _ONE_DEFINITION,
    "DeleteModelQualityJobDefinition": _ONE_DEFINITION,
    "ListModelQualityJobDefinitions": _LIST_DEFINITIONS,
    "CreateMonitoringSchedule": Struct(
        {**_SCHEDULE, "MonitoringScheduleConfig": _CONFIG, "Tags": TAGS},
        required=("MonitoringScheduleName", "MonitoringScheduleConfig"),
    ),
    "UpdateMonitoringSchedule": Struct(
        {**_SCHEDULE, "MonitoringScheduleConfig": _CONFIG},
        required=("MonitoringScheduleName", "MonitoringScheduleConfig"),
    ),
    "DescribeMonitoringSchedule": _ONE_SCHEDULE,
    "StartMonitoringSchedule": _ONE_SCHEDULE,
    "StopMonitoringSchedule": _ONE_SCHEDULE,
    "DeleteMonitoringSchedule": _ONE_SCHEDULE,
    "ListMonitoringSchedules": Struct(
        {
            **_LISTED,
            **_OF_SCHEDULES,
            "NameContains": _NAME_CONTAINS,
            "SortBy": Text(enum=("Name", "CreationTime", "Status")),
            "StatusEquals": Text(enum=("Pending", "Failed", "Scheduled", "Stopped")),
        }
    ),
    "ListMonitoringExecutions": Struct(
        {
            **_LISTED,
            **_OF_SCHEDULES,
            "MonitoringScheduleName": NAME,
            "SortBy": Text(enum=("CreationTime", "ScheduledTime", "Status")),
            "ScheduledTimeBefore": MOMENT,
            "ScheduledTimeAfter": MOMENT,
            "StatusEquals": Text(
                enum=(
                    "Pending",
                    "Completed",
                    "CompletedWithViolations",
                    "InProgress",
                    "Failed",
                    "Stopping",
                    "Stopped",
                )
            ),
        }
    ),
}
"""Shape of each operation's request, by the operation's name."""
