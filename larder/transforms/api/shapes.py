"""The requests on transform jobs, member by member, with the limits of botocore's model."""

from __future__ import annotations

from larder.groups.api.shapes import (
    KMS_KEY_ID,
    MOMENT,
    NEXT_TOKEN,
    PAGE_SIZE,
    S3_URI,
    SORT_ORDER,
    TAGS,
)
from larder.models.api.control_parts import MODEL_NAME
from larder.models.api.instance_types import TRANSFORM_INSTANCE_TYPES
from larder.wire.shapes import Map, Refused, Shape, Struct, Text, Whole

_JOB: dict[str, Shape] = {
    "TransformJobName": Text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
}
_EXPERIMENT = Text(1, 120, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")
_SOURCE = Struct(
    {
        "S3DataSource": Struct(
            {
                "S3DataType": Text(
                    enum=("ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse")
                ),
                "S3Uri": S3_URI,
            },
            required=("S3DataType", "S3Uri"),
        )
    },
    required=("S3DataSource",),
)
_INPUT = Struct(
    {
        "DataSource": _SOURCE,
        "ContentType": Text(0, 256, ".*"),
        "CompressionType": Text(enum=("None", "Gzip")),
        "SplitType": Text(enum=("None", "Line", "RecordIO", "TFRecord")),
    },
    required=("DataSource",),
)
_OUTPUT = Struct(
    {
        "S3OutputPath": S3_URI,
        "Accept": Text(0, 256, ".*"),
        "AssembleWith": Text(enum=("None", "Line")),
        "KmsKeyId": KMS_KEY_ID,
    },
    required=("S3OutputPath",),
)
_RESOURCES = Struct(
    {
        "InstanceType": Text(enum=TRANSFORM_INSTANCE_TYPES),
        "InstanceCount": Whole(1),
        "VolumeKmsKeyId": KMS_KEY_ID,
        "TransformAmiVersion": Text(1, 63, "[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*"),
    },
    required=("InstanceType", "InstanceCount"),
)
REQUESTS: dict[str, Struct] = {
    "CreateTransformJob": Struct(
        {
            **_JOB,
            "ModelName": MODEL_NAME,
            "MaxConcurrentTransforms": Whole(0),
            "ModelClientConfig": Struct(
                {
                    "InvocationsTimeoutInSeconds": Whole(1, 3600),
                    "InvocationsMaxRetries": Whole(0, 3),
                }
            ),
            "MaxPayloadInMB": Whole(0),
            "BatchStrategy": Text(enum=("MultiRecord", "SingleRecord")),
            "Environment": Map(
                Text(0, 1024, "[a-zA-Z_][a-zA-Z0-9_]{0,1023}"), Text(0, 10240, r"[\S\s]*"), 16
            ),
            "TransformInput": _INPUT,
            "TransformOutput": _OUTPUT,
            "DataCaptureConfig": Refused(
                "a job's records and results lie on S3 already; set DataProcessing.JoinSource to "
                "have them side by side"
            ),
            "TransformResources": _RESOURCES,
            "DataProcessing": Struct(
                {
                    "InputFilter": Text(0, 63),
                    "OutputFilter": Text(0, 63),
                    "JoinSource": Text(enum=("Input", "None")),
                }
            ),
            "Tags": TAGS,
            "ExperimentConfig": Struct(
                {
                    "ExperimentName": _EXPERIMENT,
                    "TrialName": _EXPERIMENT,
                    "TrialComponentDisplayName": _EXPERIMENT,
                    "RunName": _EXPERIMENT,
                }
            ),
        },
        required=(
            "TransformJobName",
            "ModelName",
            "TransformInput",
            "TransformOutput",
            "TransformResources",
        ),
    ),
    "DescribeTransformJob": Struct(_JOB, required=("TransformJobName",)),
    "StopTransformJob": Struct(_JOB, required=("TransformJobName",)),
    "ListTransformJobs": Struct(
        {
            "CreationTimeAfter": MOMENT,
            "CreationTimeBefore": MOMENT,
            "LastModifiedTimeAfter": MOMENT,
            "LastModifiedTimeBefore": MOMENT,
            "NameContains": Text(0, 63, r"[a-zA-Z0-9\-]+"),
            "StatusEquals": Text(enum=("InProgress", "Completed", "Failed", "Stopping", "Stopped")),
            "SortBy": Text(enum=("Name", "CreationTime", "Status")),
            "SortOrder": SORT_ORDER,
            "NextToken": NEXT_TOKEN,
            "MaxResults": PAGE_SIZE,
        }
    ),
}
"""Shape of each operation's request, by the operation's name."""
