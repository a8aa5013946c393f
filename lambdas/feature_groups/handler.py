"""Entry point of the custom resource ``Custom::LarderFeatureGroups``."""

import ssl
import time

import boto3
import botocore.session
from botocore.config import Config

from lambdas.feature_groups.events import Answers, Applier, create_handler
from larder.settings.control import ControlSettings
from larder.wiring.control_plane import control_plane

_config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 5})
_s3 = boto3.client("s3", config=_config)

# the AWS SDK's own setting of a private authority, which urllib doesn't read
_authority = botocore.session.get_session().get_config_variable("ca_bundle")


def _read(bucket: str, key: str) -> bytes:
    return _s3.get_object(Bucket=bucket, Key=key)["Body"].read()


handler = create_handler(
    Applier(
        catalog=control_plane(boto3.client("dynamodb", config=_config), ControlSettings.from_env()),
        read=_read,
        sleep=time.sleep,
    ),
    Answers(ssl.create_default_context(cafile=_authority), time.sleep),
)
