"""Failure objects on S3 and the deployed writer function, for ``larder redrive``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_versions import s3_errors
from larder.errors import ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class S3FailureObjects:
    """Implements ``larder.offline.redrive.FailureObjects`` on a bucket."""

    client: S3Client
    bucket: str

    def list(self, prefix: str) -> Iterator[str]:
        with s3_errors(f"s3://{self.bucket}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            # gathered first: what is deleted meanwhile must not move the pages
            return iter([item["Key"] for page in pages for item in page.get("Contents", [])])

    def read(self, key: str) -> bytes | None:
        with s3_errors(f"s3://{self.bucket}/{key}"):
            try:
                return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            except self.client.exceptions.NoSuchKey:
                return None

    def delete(self, key: str) -> None:
        with s3_errors(f"s3://{self.bucket}/{key}"):
            self.client.delete_object(Bucket=self.bucket, Key=key)


@dataclass(frozen=True, slots=True)
class LambdaWriter:
    """Implements ``larder.offline.redrive.WriterFunction`` on a Lambda function."""

    client: LambdaClient
    function_name: str

    def invoke(self, payload: bytes) -> Mapping[str, Any]:
        try:
            answer = self.client.invoke(FunctionName=self.function_name, Payload=payload)
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"{self.function_name} was not called", error) from error
        body = answer["Payload"].read()
        if "FunctionError" in answer:
            raise ServiceUnavailable(f"{self.function_name} failed: {body.decode()[:500]}")
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise ServiceUnavailable(f"{self.function_name} answered {body.decode()[:200]!r}")
        return document
