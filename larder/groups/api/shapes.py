"""The members that SageMaker's control-plane requests are made of.

Limits and patterns are those of botocore 1.44.5's ``sagemaker`` model, which a test compares.
"""

from __future__ import annotations

from larder.wire.shapes import Flag, Many, Moment, Shape, Struct, Text, Whole

_WORDS = r"([\p{L}\p{Z}\p{N}_.:/=+\-]*)"
_TAG_WORDS = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
_PRINTABLE = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*"

GROUP_NAME = Text(1, 64, "[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")
GROUP_NAME_OR_ARN = Text(
    1,
    256,
    r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:feature-group\/)?"
    "([a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63})",
)
FEATURE_NAME = Text(1, 64, "[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}")
FEATURE_TYPE = Text(enum=("Integral", "Fractional", "String"))
COLLECTION_TYPE = Text(enum=("List", "Set", "Vector"))
DIMENSION = Whole(1, 8192)
STORAGE_TYPE = Text(enum=("Standard", "Standard_V2", "InMemory"))
TABLE_FORMAT = Text(enum=("Default", "Glue", "Iceberg"))
DESCRIPTION = Text(0, 128)
FEATURE_DESCRIPTION = Text(0, 255, ".*")
PARAMETER_WORD = Text(1, 255, _WORDS)
TAG_KEY = Text(1, 128, _TAG_WORDS)
TAG_VALUE = Text(0, 256, _TAG_WORDS)
RESOURCE_ARN = Text(0, 256, "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+")
ROLE_ARN = Text(20, 2048, r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
KMS_KEY_ID = Text(0, 2048, "[a-zA-Z0-9:/_-]*")
S3_URI = Text(0, 1024, r"(https|s3)://([^/]+)/?(.*)")
CATALOG_NAME = Text(1, 255, _PRINTABLE)
NEXT_TOKEN = Text(0, 8192, ".*")
PAGE_SIZE = Whole(1, 100)
GROUP_STATUS = Text(enum=("Creating", "Created", "CreateFailed", "Deleting", "DeleteFailed"))
OFFLINE_STATUS = Text(enum=("Active", "Blocked", "Disabled"))
SORT_ORDER = Text(enum=("Ascending", "Descending"))
MOMENT = Moment()

TTL = Struct(
    {"Unit": Text(enum=("Seconds", "Minutes", "Hours", "Days", "Weeks")), "Value": Whole(1)}
)
_CAPACITY: dict[str, Shape] = {
    "ThroughputMode": Text(enum=("OnDemand", "Provisioned")),
    "ProvisionedReadCapacityUnits": Whole(0, 10_000_000),
    "ProvisionedWriteCapacityUnits": Whole(0, 10_000_000),
}
THROUGHPUT = Struct(_CAPACITY, required=("ThroughputMode",))
THROUGHPUT_UPDATE = Struct(_CAPACITY)
FEATURE_DEFINITION = Struct(
    {
        "FeatureName": FEATURE_NAME,
        "FeatureType": FEATURE_TYPE,
        "CollectionType": COLLECTION_TYPE,
        "CollectionConfig": Struct(
            {"VectorConfig": Struct({"Dimension": DIMENSION}, required=("Dimension",))},
            union=True,
        ),
    },
    required=("FeatureName", "FeatureType"),
)
ONLINE_STORE = Struct(
    {
        "SecurityConfig": Struct({"KmsKeyId": KMS_KEY_ID}),
        "EnableOnlineStore": Flag(),
        "TtlDuration": TTL,
        "StorageType": STORAGE_TYPE,
    }
)
ONLINE_STORE_UPDATE = Struct({"TtlDuration": TTL, "StorageType": STORAGE_TYPE})
OFFLINE_STORE = Struct(
    {
        "S3StorageConfig": Struct(
            {"S3Uri": S3_URI, "KmsKeyId": KMS_KEY_ID, "ResolvedOutputS3Uri": S3_URI},
            required=("S3Uri",),
        ),
        "DisableGlueTableCreation": Flag(),
        "DataCatalogConfig": Struct(
            {"TableName": CATALOG_NAME, "Catalog": CATALOG_NAME, "Database": CATALOG_NAME},
            required=("TableName", "Catalog", "Database"),
        ),
        "TableFormat": TABLE_FORMAT,
    },
    required=("S3StorageConfig",),
)
TAGS = Many(Struct({"Key": TAG_KEY, "Value": TAG_VALUE}, required=("Key", "Value")), 0, 50)
PARAMETERS = Many(Struct({"Key": PARAMETER_WORD, "Value": PARAMETER_WORD}), 0, 25)
