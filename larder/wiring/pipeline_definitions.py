"""The pipelines that a deployment declared, where it put them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import split
from larder.pipelines.adapters.documents import from_json
from larder.pipelines.definition import Pipeline


def declared_pipelines(s3: Any, address: str) -> dict[str, Pipeline]:  # noqa: ANN401 - boto3's
    """The pipelines by name, of the document at an address of S3.

    Raises:
        LarderError: S3 refused.
    """
    bucket, key = split(address)
    try:
        with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            return from_json(body.read())
    except (ClientError, BotoCoreError) as error:
        raise refusal(f"S3 refused to read the pipelines at {address}", error, {}) from error
