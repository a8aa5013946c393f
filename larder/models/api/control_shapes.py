"""The requests on models, endpoint configurations and endpoints, member by member."""

from __future__ import annotations

from larder.groups.api.shapes import KMS_KEY_ID, MOMENT, NEXT_TOKEN, PAGE_SIZE, SORT_ORDER, TAGS
from larder.models.api import control_parts as part
from larder.models.api.package_shapes import PACKAGE_REQUESTS
from larder.wire.shapes import Flag, Many, Number, Refused, Shape, Struct, Text, Whole

_ENDPOINT: dict[str, Shape] = {"EndpointName": part.NAME}
_CONFIG: dict[str, Shape] = {"EndpointConfigName": part.NAME}
_MODEL: dict[str, Shape] = {"ModelName": part.MODEL_NAME}
_LISTED: dict[str, Shape] = {
    "SortBy": Text(enum=("Name", "CreationTime")),
    "SortOrder": SORT_ORDER,
    "NextToken": NEXT_TOKEN,
    "MaxResults": PAGE_SIZE,
    "NameContains": Text(0, 63, "[a-zA-Z0-9-]+"),
    "CreationTimeBefore": MOMENT,
    "CreationTimeAfter": MOMENT,
}
REQUESTS: dict[str, Struct] = {
    **PACKAGE_REQUESTS,
    "CreateModel": Struct(
        {
            **_MODEL,
            **part.SHARED,
            "PrimaryContainer": part.CONTAINER,
            "Containers": Many(part.CONTAINER, 0, 15),
            "InferenceExecutionConfig": Refused(
                "a model is one artefact here, not a pipeline of containers; leave it out"
            ),
        },
        required=("ModelName",),
    ),
    "DescribeModel": Struct(_MODEL, required=("ModelName",)),
    "DeleteModel": Struct(_MODEL, required=("ModelName",)),
    "ListModels": Struct(_LISTED),
    "CreateEndpointConfig": Struct(
        {
            **_CONFIG,
            **part.SHARED,
            "ProductionVariants": Many(part.PRODUCTION_VARIANT, 1, 10),
            "DataCaptureConfig": part.DATA_CAPTURE,
            "KmsKeyId": KMS_KEY_ID,
            "AsyncInferenceConfig": Refused(
                "an endpoint answers at once; for many records at a time use a transform job"
            ),
            "ExplainerConfig": Refused(
                "Larder computes no explanations; compute them from the model's own artefact"
            ),
            "ShadowProductionVariants": Many(part.PRODUCTION_VARIANT, 1, 10),
            "MetricsConfig": part.METRICS,
            "CrossRegionTrafficConfig": Refused(
                "an endpoint is in one region; deploy a stage in each region"
            ),
        },
        required=("EndpointConfigName", "ProductionVariants"),
    ),
    "DescribeEndpointConfig": Struct(_CONFIG, required=("EndpointConfigName",)),
    "DeleteEndpointConfig": Struct(_CONFIG, required=("EndpointConfigName",)),
    "ListEndpointConfigs": Struct(_LISTED),
    "CreateEndpoint": Struct(
        {**_ENDPOINT, **_CONFIG, "DeploymentConfig": part.DEPLOYMENT, "Tags": TAGS},
        required=("EndpointName", "EndpointConfigName"),
    ),
    "UpdateEndpoint": Struct(
        {
            **_ENDPOINT,
            **_CONFIG,
            "RetainAllVariantProperties": Flag(),
            "ExcludeRetainedVariantProperties": Many(
                Struct(
                    {
                        "VariantPropertyType": Text(
                            enum=("DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig")
                        )
                    },
                    required=("VariantPropertyType",),
                ),
                0,
                3,
            ),
            "DeploymentConfig": part.DEPLOYMENT,
            "RetainDeploymentConfig": Flag(),
        },
        required=("EndpointName", "EndpointConfigName"),
    ),
    "DescribeEndpoint": Struct(_ENDPOINT, required=("EndpointName",)),
    "DeleteEndpoint": Struct(_ENDPOINT, required=("EndpointName",)),
    "ListEndpoints": Struct(
        {
            **_LISTED,
            "SortBy": Text(enum=("Name", "CreationTime", "Status")),
            "LastModifiedTimeBefore": MOMENT,
            "LastModifiedTimeAfter": MOMENT,
            "StatusEquals": part.ENDPOINT_STATUS,
        }
    ),
    "UpdateEndpointWeightsAndCapacities": Struct(
        {
            **_ENDPOINT,
            "DesiredWeightsAndCapacities": Many(
                Struct(
                    {
                        "VariantName": part.NAME,
                        "DesiredWeight": Number(0),
                        "DesiredInstanceCount": Whole(0),
                        "ServerlessUpdateConfig": Struct(
                            {
                                "MaxConcurrency": Whole(1, 200),
                                "ProvisionedConcurrency": Whole(1, 200),
                            }
                        ),
                    },
                    required=("VariantName",),
                ),
                1,
            ),
        },
        required=("EndpointName", "DesiredWeightsAndCapacities"),
    ),
}
"""Shape of each operation's request, by the operation's name."""
