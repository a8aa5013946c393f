"""Quarantine on S3: an object per bad change, and an object per batch of a parked group.

Keys are made of the changes alone, so what is delivered again overwrites its object. The days in
them are those of the (first) change. ``larder.offline.redrive`` reads the objects back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.offline.redrive import PARKED
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
        """One object with one ``record``, at ``<prefix><uid>/<day>/``."""
        digest = _digest([change.raw])
        name = f"{uid or 'unknown'}/{_day(change)}/{change.sequence}-{digest}.json"
        at = datetime.now(UTC).isoformat()
        body = {"reason": reason, "quarantinedAt": at, "uid": uid, "record": change.raw}
        return self._write(name, body)

    def park(
        self, uid: str, changes: Sequence[StreamChange | UnreadableChange], reason: str
    ) -> str:
        """One object with all changes as one event, at ``<prefix><uid>/parked/``."""
        records = [change.raw for change in changes]
        first = changes[0]
        name = f"{uid}/{PARKED}/{_day(first)}/{first.sequence}-{_digest(records)}.json"
        at = datetime.now(UTC).isoformat()
        body = {"reason": reason, "parkedAt": at, "uid": uid, "payload": {"Records": records}}
        return self._write(name, body)

    def _write(self, name: str, body: Mapping[str, object]) -> str:
        key = f"{self.prefix}{name}"
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=orjson.dumps(body),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"s3://{self.bucket}/{key} was not written", error) from error
        return key


def _digest(records: Sequence[Mapping[str, Any]]) -> str:
    return sha256(orjson.dumps(records, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _day(change: StreamChange | UnreadableChange) -> str:
    stream = change.raw.get("dynamodb")
    when = stream.get("ApproximateCreationDateTime") if isinstance(stream, dict) else None
    if not isinstance(when, int | float):
        return "unknown"
    return datetime.fromtimestamp(when, UTC).strftime("%Y/%m/%d")
