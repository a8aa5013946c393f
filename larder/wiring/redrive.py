"""What ``larder redrive`` works on: failure objects, and the writer function that takes them."""

from __future__ import annotations

import boto3

from larder.offline.adapters.redrive import LambdaWriter, S3FailureObjects
from larder.wiring.boto import single_call


def open_failure_objects(bucket: str) -> S3FailureObjects:
    """The objects in a bucket that the environment's credentials may read."""
    return S3FailureObjects(boto3.client("s3"), bucket)


def open_writer(function_name: str) -> LambdaWriter:
    """The function of that name."""
    # it may take its whole 15 minutes
    config = single_call(read_seconds=900)
    return LambdaWriter(boto3.client("lambda", config=config), function_name)
