"""The pipelines that a deployment declared, where it put them."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3

from larder.pipelines.adapters.documents import Declared, from_json
from larder.settings.pipelines import PipelinesSettings
from larder.wiring.boto import background
from larder.wiring.published_documents import published


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
    return from_json(published(s3, address, "pipelines"))
