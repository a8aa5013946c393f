"""Documents that a stage publishes on S3: what its definition files declare."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import split
from larder.errors import ConfigurationError


def published(s3: Any, address: str, what: str) -> bytes:  # noqa: ANN401 - boto3's
    """The document at an address of S3; ``what`` it declares, such as ``pipelines``.

    Raises:
        ConfigurationError: the address is empty.
        LarderError: S3 refused.
    """
    if not address:
        raise ConfigurationError(
            f"LARDER_{what.upper()}_DEFINITIONS is not set: deploy this release, whose stage "
            "publishes it"
        )
    bucket, key = split(address)
    try:
        with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            document: bytes = body.read()
    except (ClientError, BotoCoreError) as error:
        raise refusal(f"S3 refused to read the {what} at {address}", error, {}) from error
    return document
