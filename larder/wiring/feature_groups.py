"""The custom resource that applies definitions: control plane, S3, and trust in CloudFormation."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import boto3
import botocore.session

from larder.aws.dynamodb.boto import BotoDynamo
from larder.declared.adapters.cloudformation import CloudFormationAnswers
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
        answers: answers CloudFormation.
    """

    catalog: FeatureCatalog
    read: Callable[[str, str], bytes]
    answers: CloudFormationAnswers


def open_definitions_resource(settings: ControlSettings) -> DefinitionsResource:
    """The resource of the platform that the settings name."""
    config = background()
    s3 = boto3.client("s3", config=config)

    def read(bucket: str, key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    # the AWS SDK's own setting of a private authority, which urllib does not read
    authority = botocore.session.get_session().get_config_variable("ca_bundle")
    return DefinitionsResource(
        catalog=control_plane(BotoDynamo(boto3.client("dynamodb", config=config)), settings),
        read=read,
        answers=CloudFormationAnswers(ssl.create_default_context(cafile=authority)),
    )
