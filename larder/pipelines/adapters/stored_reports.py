"""Consistency reports as JSON on S3: ``consistency/<pipeline>/<date>/<time>.json``.

Format ``consistency-report`` (decision 0192).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from larder.aws.refusals import refusal
from larder.bucket_folders import CONSISTENCY
from larder.formats import MEMBER, Format
from larder.pipelines.consistency.report import ConsistencyReport

FORMAT: Final = Format("consistency-report")
_REPORT = TypeAdapter(ConsistencyReport)


@dataclass(frozen=True, slots=True)
class StoredReports:
    """The reports in the platform's bucket; ``client`` is boto3's of S3."""

    client: Any
    bucket: str

    def put(self, report: ConsistencyReport) -> str:
        """Store a report; its address.

        Raises:
            LarderError: S3 refused.
        """
        key = report_key(report)
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=to_json(report),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"S3 refused to store {key}", error, {}) from error
        return f"s3://{self.bucket}/{key}"

    def newest(self, pipeline: str) -> ConsistencyReport | None:
        """The newest report of a pipeline; ``None`` before its first.

        Raises:
            LarderError: S3 refused.
            NewerFormat: a newer release wrote it.
        """
        prefix = f"{CONSISTENCY}{pipeline}/"
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
            if not keys:
                return None
            body = self.client.get_object(Bucket=self.bucket, Key=max(keys))["Body"]
            with body:
                return from_json(body.read())
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"S3 refused to read {prefix}", error, {}) from error


def report_key(report: ConsistencyReport) -> str:
    """The key of a report; keys of a pipeline sort as their instants do."""
    date, _, time = report.at.rstrip("Z").partition("T")
    return f"{CONSISTENCY}{report.pipeline}/{date}/{time.replace(':', '')}.json"


def to_json(report: ConsistencyReport) -> bytes:
    """The report as JSON."""
    return orjson.dumps(asdict(report))


def from_json(body: bytes) -> ConsistencyReport:
    """The report of its JSON.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    document: Mapping[str, Any] = orjson.loads(body)
    label = f"consistency report of {document.get('pipeline')}"
    FORMAT.check(label, document.get(MEMBER))
    return _REPORT.validate_python(document)
