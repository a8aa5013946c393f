"""The members that the requests on models and endpoints are made of.

Limits and patterns are those of botocore's ``sagemaker`` model, which a test compares. A member
that is ``Refused`` says why, and what to do instead.
"""

from __future__ import annotations

from larder.groups.api.shapes import KMS_KEY_ID, ROLE_ARN, S3_URI, TAGS
from larder.models.api.instance_types import INSTANCE_TYPES
from larder.wire.shapes import Flag, Many, Map, Number, Refused, Shape, Struct, Text, Whole

NAME = Text(0, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
MODEL_NAME = Text(0, 63, r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?")
ENVIRONMENT = Map(Text(0, 1024, "[a-zA-Z_][a-zA-Z0-9_]*"), Text(0, 1024, r"[\S\s]*"), 100)
CAPTURE_URI = Text(0, 512, "(https|s3)://([^/])/?(.*)")
ENDPOINT_STATUS = Text(
    enum=(
        "OutOfService",
        "Creating",
        "Updating",
        "SystemUpdating",
        "RollingBack",
        "InService",
        "Deleting",
        "Failed",
        "UpdateRollbackFailed",
    )
)
_NOTHING_LEFT = "leave it out"
_ONE_SOURCE = "a model has one artefact here; put all files into one archive or folder"
_NO_CONTAINER = f"Larder runs no container, but the model's own library; {_NOTHING_LEFT}"
_NO_MACHINES = f"an endpoint of Larder's has no machines; {_NOTHING_LEFT}"

VPC = Struct(
    {
        "SecurityGroupIds": Many(Text(0, 32, "[-0-9a-zA-Z]+"), 1, 5),
        "Subnets": Many(Text(0, 32, "[-0-9a-zA-Z]+"), 1, 16),
    },
    required=("SecurityGroupIds", "Subnets"),
)
MODEL_DATA_SOURCE = Struct(
    {
        "S3DataSource": Struct(
            {
                "S3Uri": S3_URI,
                "S3DataType": Text(enum=("S3Prefix", "S3Object")),
                "CompressionType": Text(enum=("None", "Gzip")),
                "ModelAccessConfig": Struct({"AcceptEula": Flag()}, required=("AcceptEula",)),
                "HubAccessConfig": Refused("Larder reads no model hub; give an S3Uri of yours"),
                "ManifestS3Uri": Refused("give a folder (S3Prefix) instead of a manifest"),
                "ETag": Text(),
                "ManifestEtag": Refused("give a folder (S3Prefix) instead of a manifest"),
            },
            required=("S3Uri", "S3DataType", "CompressionType"),
        )
    }
)
CONTAINER = Struct(
    {
        "ContainerHostname": NAME,
        "Image": Text(0, 255, r"[\S]+"),
        "ImageConfig": Refused(_NO_CONTAINER),
        "Mode": Text(enum=("SingleModel", "MultiModel")),
        "ModelDataUrl": S3_URI,
        "ModelDataSource": MODEL_DATA_SOURCE,
        "AdditionalModelDataSources": Refused(_ONE_SOURCE),
        "Environment": ENVIRONMENT,
        "ModelPackageName": Text(
            1,
            176,
            r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?"
            r"([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\/[0-9]{1,9})?",
        ),
        "InferenceSpecificationName": Refused(
            "a package has one inference specification here; create a model of the artefact itself"
        ),
        "MultiModelConfig": Refused("create one model for each artefact; they share an endpoint"),
        "ContainerMetricsConfig": Refused(_NO_CONTAINER),
    }
)
_SCALE_IN = Struct(
    {
        "Strategy": Text(enum=("IDLE_RELEASE", "CONSOLIDATION")),
        "MaximumStepSize": Whole(1, 100),
        "CooldownInMinutes": Whole(5, 1440),
    },
    required=("Strategy",),
)
SERVERLESS = Struct(
    {
        "MemorySizeInMB": Whole(1024, 6144),
        "MaxConcurrency": Whole(1, 200),
        "ProvisionedConcurrency": Whole(1, 200),
    },
    required=("MemorySizeInMB", "MaxConcurrency"),
)
PRODUCTION_VARIANT = Struct(
    {
        "VariantName": NAME,
        "ModelName": MODEL_NAME,
        "InitialInstanceCount": Whole(1),
        "InstanceType": Text(enum=INSTANCE_TYPES),
        "InstancePools": Refused(_NO_MACHINES),
        "VariantInstanceProvisionTimeoutInSeconds": Whole(300, 3600),
        "InitialVariantWeight": Number(0),
        "AcceleratorType": Refused(_NO_MACHINES),
        "CoreDumpConfig": Refused(_NO_CONTAINER),
        "ServerlessConfig": SERVERLESS,
        "VolumeSizeInGB": Whole(1, 512),
        "ModelDataDownloadTimeoutInSeconds": Whole(60, 3600),
        "ContainerStartupHealthCheckTimeoutInSeconds": Whole(60, 3600),
        "EnableSSMAccess": Flag(),
        "ManagedInstanceScaling": Struct(
            {
                "Status": Text(enum=("ENABLED", "DISABLED")),
                "MinInstanceCount": Whole(0),
                "MaxInstanceCount": Whole(1),
                "ScaleInPolicy": _SCALE_IN,
            }
        ),
        "RoutingConfig": Struct(
            {
                "RoutingStrategy": Text(
                    enum=("LEAST_OUTSTANDING_REQUESTS", "RANDOM", "PREFIX_AWARE", "KV_AWARE")
                ),
                "PrefixAwareRoutingConfig": Struct(
                    {
                        "PrefixLength": Whole(1024, 65536),
                        "ConcurrencyThreshold": Whole(1, 1024),
                    }
                ),
            },
            required=("RoutingStrategy",),
        ),
        "InferenceAmiVersion": Text(
            enum=(
                "al2-ami-sagemaker-inference-gpu-2",
                "al2-ami-sagemaker-inference-gpu-2-1",
                "al2-ami-sagemaker-inference-gpu-3-1",
                "al2-ami-sagemaker-inference-neuron-2",
                "al2023-ami-sagemaker-inference-gpu-4-1",
            )
        ),
        "CapacityReservationConfig": Refused(_NO_MACHINES),
        "AcceleratorPartitionLayouts": Refused(_NO_MACHINES),
    },
    required=("VariantName",),
)
_MIME_TYPES = Many(
    Text(1, 256, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*"), 1, 10
)
DATA_CAPTURE = Struct(
    {
        "EnableCapture": Flag(),
        "InitialSamplingPercentage": Whole(0, 100),
        "DestinationS3Uri": CAPTURE_URI,
        "KmsKeyId": KMS_KEY_ID,
        "CaptureOptions": Many(
            Struct(
                {"CaptureMode": Text(enum=("Input", "Output", "InputAndOutput"))},
                required=("CaptureMode",),
            ),
            1,
            32,
        ),
        "CaptureContentTypeHeader": Struct(
            {"CsvContentTypes": _MIME_TYPES, "JsonContentTypes": _MIME_TYPES}
        ),
    },
    required=("InitialSamplingPercentage", "DestinationS3Uri", "CaptureOptions"),
)
_CAPACITY = Struct(
    {"Type": Text(enum=("INSTANCE_COUNT", "CAPACITY_PERCENT")), "Value": Whole(1)},
    required=("Type", "Value"),
)
_PATIENCE = Whole(600, 28800)
DEPLOYMENT = Struct(
    {
        "BlueGreenUpdatePolicy": Struct(
            {
                "TrafficRoutingConfiguration": Struct(
                    {
                        "Type": Text(enum=("ALL_AT_ONCE", "CANARY", "LINEAR")),
                        "WaitIntervalInSeconds": Whole(0, 3600),
                        "CanarySize": _CAPACITY,
                        "LinearStepSize": _CAPACITY,
                    },
                    required=("Type", "WaitIntervalInSeconds"),
                ),
                "TerminationWaitInSeconds": Whole(0, 3600),
                "MaximumExecutionTimeoutInSeconds": _PATIENCE,
            },
            required=("TrafficRoutingConfiguration",),
        ),
        "RollingUpdatePolicy": Struct(
            {
                "MaximumBatchSize": _CAPACITY,
                "WaitIntervalInSeconds": Whole(0, 3600),
                "MaximumExecutionTimeoutInSeconds": _PATIENCE,
                "RollbackMaximumBatchSize": _CAPACITY,
            },
            required=("MaximumBatchSize", "WaitIntervalInSeconds"),
        ),
        "AutoRollbackConfiguration": Struct(
            {"Alarms": Many(Struct({"AlarmName": Text(1, 255, r"(?!\s*$).+")}), 1, 10)}
        ),
    }
)
METRICS = Struct(
    {
        "EnableEnhancedMetrics": Flag(),
        "EnableDetailedObservability": Flag(),
        "MetricPublishFrequencyInSeconds": Whole(),
    }
)
SHARED: dict[str, Shape] = {
    "ExecutionRoleArn": ROLE_ARN,
    "VpcConfig": VPC,
    "EnableNetworkIsolation": Flag(),
    "Tags": TAGS,
}
"""Members of models and of endpoint configurations alike."""
