"""The members that the requests on model packages are made of.

As ``larder.models.api.control_parts``: limits and patterns are those of botocore's model.
"""

from __future__ import annotations

from larder.groups.api.shapes import KMS_KEY_ID, S3_URI
from larder.models.api import control_parts as part
from larder.models.api.instance_types import INSTANCE_TYPES, TRANSFORM_INSTANCE_TYPES
from larder.wire.shapes import Flag, Many, Map, Refused, Shape, Struct, Text

_ANY_ARN = r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?"
_PLAIN_NAME = r"([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)"
_WORD = r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)"
_DIGEST = Text(0, 72, "[Ss][Hh][Aa]256:[0-9a-fA-F]{64}")
_CONTENT_TYPE = Text(0, 256, ".*")
NAME = Text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
NAME_OR_ARN = Text(1, 170, _ANY_ARN + _PLAIN_NAME)
VERSION_OR_ARN = Text(1, 176, _ANY_ARN + _PLAIN_NAME + r"(\/[0-9]{1,9})?")
PACKAGE_ARN = Text(
    1,
    2048,
    r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package/[\S]{1,2048}",
)
NAME_CONTAINS = Text(0, 63, r"[a-zA-Z0-9\-]+")
DESCRIPTION = Text(0, 1024, r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*")
APPROVAL = Text(enum=("Approved", "Rejected", "PendingManualApproval"))
APPROVAL_DESCRIPTION = Text(0, 1024, ".*")
REGISTRATION = Text(enum=("Logged", "Registered"))
CLIENT_TOKEN = Text(1, 36, "[a-zA-Z0-9-]+")
SOURCE_URI = Text(0, 1024, r"[\p{L}\p{M}\p{Z}\p{N}\p{P}]{0,1024}")
METADATA_KEY = Text(1, 128, _WORD + "${1,128}")
METADATA = Map(METADATA_KEY, Text(1, 256, _WORD + "${1,256}"), 50)
_NO_HUB = "Larder reads no model hub; give ModelDataUrl"
_ONE_SOURCE = "a model has one artefact here; put all files into one archive or folder"

CONTAINER = Struct(
    {
        "ContainerHostname": part.NAME,
        "Image": Text(0, 255, r"[\S]+"),
        "ImageDigest": _DIGEST,
        "ModelDataUrl": S3_URI,
        "ModelDataSource": part.MODEL_DATA_SOURCE,
        "ProductId": Refused("Larder serves no products of AWS Marketplace; leave it out"),
        "Environment": part.ENVIRONMENT,
        "ModelInput": Struct(
            {"DataInputConfig": Text(1, 16384, r"[\S\s]+")}, required=("DataInputConfig",)
        ),
        "Framework": Text(),
        "FrameworkVersion": Text(3, 10, r"[0-9]\.[A-Za-z0-9.-]+"),
        "NearestModelName": Text(),
        "AdditionalModelDataSources": Refused(_ONE_SOURCE),
        "AdditionalS3DataSource": Refused(_ONE_SOURCE),
        "ModelDataETag": Text(),
        "IsCheckpoint": Flag(),
        "BaseModel": Refused(_NO_HUB),
    }
)
_SPECIFICATION: dict[str, Shape] = {
    "Containers": Many(CONTAINER, 1, 15),
    "SupportedTransformInstanceTypes": Many(Text(enum=TRANSFORM_INSTANCE_TYPES), 1),
    "SupportedRealtimeInferenceInstanceTypes": Many(Text(enum=INSTANCE_TYPES)),
    "SupportedContentTypes": Many(_CONTENT_TYPE),
    "SupportedResponseMIMETypes": Many(Text(0, 1024, r"[-\w]+\/.+")),
}
SPECIFICATION = Struct(_SPECIFICATION, required=("Containers",))
ADDITIONAL = Many(
    Struct(
        {"Name": NAME, "Description": DESCRIPTION, **_SPECIFICATION},
        required=("Name", "Containers"),
    ),
    1,
    15,
)
_FACT = Text(0, 1024, ".*")
METADATA_PROPERTIES = Struct(
    {"CommitId": _FACT, "Repository": _FACT, "GeneratedBy": _FACT, "ProjectId": _FACT}
)
_FILE: dict[str, Shape] = {"ContentType": _CONTENT_TYPE, "ContentDigest": _DIGEST, "S3Uri": S3_URI}
_METRICS = Struct(_FILE, required=("ContentType", "S3Uri"))
_CONFIG = Struct(_FILE, required=("S3Uri",))
_QUALITY = Struct({"Statistics": _METRICS, "Constraints": _METRICS})
MODEL_METRICS = Struct(
    {
        "ModelQuality": _QUALITY,
        "ModelDataQuality": _QUALITY,
        "Bias": Struct(
            {"Report": _METRICS, "PreTrainingReport": _METRICS, "PostTrainingReport": _METRICS}
        ),
        "Explainability": Struct({"Report": _METRICS}),
    }
)
BASELINES = Struct(
    {
        "Bias": Struct(
            {
                "ConfigFile": _CONFIG,
                "PreTrainingConstraints": _METRICS,
                "PostTrainingConstraints": _METRICS,
            }
        ),
        "Explainability": Struct({"Constraints": _METRICS, "ConfigFile": _CONFIG}),
        "ModelQuality": _QUALITY,
        "ModelDataQuality": _QUALITY,
    }
)
SECURITY = Struct({"KmsKeyId": KMS_KEY_ID}, required=("KmsKeyId",))
CARD = Struct(
    {
        "ModelCardContent": Text(0, 100_000, ".*"),
        "ModelCardStatus": Text(enum=("Draft", "PendingReview", "Approved", "Archived")),
    }
)
LIFE_CYCLE = Struct(
    {"Stage": NAME, "StageStatus": NAME, "StageDescription": Text(0, 1024, ".{0,1024}")},
    required=("Stage", "StageStatus"),
)
