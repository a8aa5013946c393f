"""What the custom resource works on that applies definitions: the control plane, and S3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.metadata import FeatureCatalog
from larder.settings.control import ControlSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import control_plane


@dataclass(frozen=True, slots=True)
class DefinitionsResource:
    """What the custom resource works on.

    Attributes:
        catalog: the control plane that definitions are applied to.
        read: an object of S3 by bucket and key.
    """

    catalog: FeatureCatalog
    read: Callable[[str, str], bytes]


def open_definitions_resource(settings: ControlSettings) -> DefinitionsResource:
    """The resource of the platform that the settings name."""
    config = background()
    s3 = boto3.client("s3", config=config)

    def read(bucket: str, key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return DefinitionsResource(
        catalog=control_plane(BotoDynamo(boto3.client("dynamodb", config=config)), settings),
        read=read,
    )
