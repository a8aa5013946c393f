"""Lineage events as objects of S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.pipelines.lineage.events import Document


@dataclass(frozen=True, slots=True)
class EventObjects:
    """Implements ``larder.pipelines.lineage.note.EventFiles``; ``client`` is boto3's of S3."""

    client: Any
    bucket: str

    def put(self, key: str, event: Document) -> None:
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=orjson.dumps(event),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"S3 refused to store {key}", error, {}) from error
