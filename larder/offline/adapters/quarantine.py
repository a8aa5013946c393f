"""Quarantine on S3: one object per change that could not be written.

The key is made of the change alone, so a change that is delivered again overwrites its object. Days
are those of the change. ``larder redrive`` reads the objects back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from larder.errors import ServiceUnavailable
from larder.offline.rows import StreamChange
from larder.offline.write import UnreadableChange

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class S3Quarantine:
    """Implements ``larder.offline.write.Quarantine`` under a prefix of a bucket."""

    client: S3Client
    bucket: str
    prefix: str

    def put(self, uid: str | None, change: StreamChange | UnreadableChange, reason: str) -> str:
        """See the port.

        Raises:
            ServiceUnavailable: S3 did not take it; the change must be delivered again.
        """
        raw = orjson.dumps(change.raw, option=orjson.OPT_SORT_KEYS)
        digest = sha256(raw).hexdigest()[:16]
        key = f"{self.prefix}{uid or 'unknown'}/{_day(change)}/{change.sequence}-{digest}.json"
        body = orjson.dumps(
            {
                "reason": reason,
                "quarantinedAt": datetime.now(UTC).isoformat(),
                "uid": uid,
                "record": change.raw,
            }
        )
        try:
            self.client.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType="application/json"
            )
        except (ClientError, ConnectionError, HTTPClientError) as error:
            raise ServiceUnavailable(
                f"s3://{self.bucket}/{key} was not written: {error}"
            ) from error
        return key


def _day(change: StreamChange | UnreadableChange) -> str:
    stream = change.raw.get("dynamodb")
    when = stream.get("ApproximateCreationDateTime") if isinstance(stream, dict) else None
    if not isinstance(when, int | float):
        return "unknown"
    return datetime.fromtimestamp(when, UTC).strftime("%Y/%m/%d")
