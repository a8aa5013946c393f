"""The pipelines that a deployment declared, where it put them."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import split
from larder.errors import ConfigurationError
from larder.pipelines.adapters.documents import Declared, from_json
from larder.settings.pipelines import PipelinesSettings
from larder.wiring.boto import background


@cache
def declared_to(settings: PipelinesSettings) -> Declared:
    """What the function of these settings was deployed with; read once.

    Raises:
        LarderError: S3 refused.
    """
    address = f"s3://{settings.definitions_bucket}/{settings.definitions_key}"
    return read_declared(boto3.client("s3", config=background()), address)


def read_declared(s3: Any, address: str) -> Declared:  # noqa: ANN401 - boto3's
    """The document at an address of S3, which a stage publishes.

    Raises:
        ConfigurationError: the address is empty.
        LarderError: S3 refused.
    """
    if not address:
        raise ConfigurationError(
            "LARDER_PIPELINES_DEFINITIONS is not set: deploy this release, whose stage publishes it"
        )
    bucket, key = split(address)
    try:
        with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            return from_json(body.read())
    except (ClientError, BotoCoreError) as error:
        raise refusal(f"S3 refused to read the pipelines at {address}", error, {}) from error
