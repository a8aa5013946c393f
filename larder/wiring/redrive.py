"""What ``larder redrive`` works on: failure objects, and the writer function that takes them."""

from __future__ import annotations

import boto3
from botocore.config import Config

from larder.offline.adapters.redrive import LambdaWriter, S3FailureObjects


def open_failure_objects(bucket: str) -> S3FailureObjects:
    """The objects in a bucket that the environment's credentials may read."""
    return S3FailureObjects(boto3.client("s3"), bucket)


def open_writer(function_name: str) -> LambdaWriter:
    """The function of that name."""
    # it may take its whole 15 minutes, and a second call at once would only compete with it
    config = Config(read_timeout=900, retries={"total_max_attempts": 1})
    return LambdaWriter(boto3.client("lambda", config=config), function_name)
