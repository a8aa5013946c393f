"""What the exposure writer puts on S3: quarantine, parked deliveries, data capture files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from larder.aws.s3_objects import split
from larder.aws.s3_versions import s3_errors
from larder.bucket_folders import EXPOSURES
from larder.errors import ValidationError
from larder.models.capture_files import CaptureFile
from larder.models.record_exposures import LogLine
from larder.offline.adapters.redrive import S3FailureObjects

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3.client import S3Client

_PASSING = frozenset({408, 409, 429})
_PARKED = f"{EXPOSURES}parked/"


@dataclass(frozen=True, slots=True)
class S3LineQuarantine:
    """Implements ``larder.models.record_exposures.ExposureQuarantine``: an object for each line.

    A key follows from the line alone, so what is delivered again overwrites its object.
    """

    client: S3Client
    bucket: str

    def put(self, line: LogLine, reason: str) -> str:
        """One object at ``exposures/quarantine/<day>/``."""
        day = datetime.fromtimestamp(line.at / 1000, UTC).strftime("%Y/%m/%d")
        digest = sha256(line.text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        key = f"{EXPOSURES}quarantine/{day}/{digest}.json"
        document = {"reason": reason, "log_event": line.id, "timestamp": line.at, "line": line.text}
        body = orjson.dumps(document)
        with s3_errors(f"s3://{self.bucket}/{key}"):
            self.client.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType="application/json"
            )
        return key


@dataclass(frozen=True, slots=True)
class S3ParkedDeliveries:
    """Implements ``larder.models.park_exposures.ParkedDeliveries`` below ``exposures/parked/``."""

    objects: S3FailureObjects

    def put(self, delivery: bytes) -> str:
        """One object, by the delivery's digest: what comes again overwrites it."""
        key = f"{_PARKED}{sha256(delivery).hexdigest()[:32]}.json"
        bucket = self.objects.bucket
        with s3_errors(f"s3://{bucket}/{key}"):
            self.objects.client.put_object(Bucket=bucket, Key=key, Body=delivery)
        return key

    def listed(self) -> Iterator[str]:
        """Keys of what waits."""
        return self.objects.list(_PARKED)

    def read(self, key: str) -> bytes | None:
        """A delivery; ``None`` where it is gone."""
        return self.objects.read(key)

    def remove(self, key: str) -> None:
        """Remove a delivery."""
        self.objects.delete(key)


@dataclass(frozen=True, slots=True)
class S3CaptureStore:
    """Implements ``larder.models.record_exposures.CaptureStore``.

    ``allowed`` are the addresses below which files may lie, each ending in a slash.
    """

    client: S3Client
    allowed: Sequence[str]

    def put(self, file: CaptureFile) -> None:
        """Write a file where the stage allows it."""
        if not file.address.startswith(tuple(self.allowed)):
            raise ValidationError(
                f"data capture may not write below {file.address.rpartition('/')[0][:300]}; "
                f"allowed is {', '.join(self.allowed)}: name such a DestinationS3Uri, or add the "
                f"bucket to models.capture_buckets of the stage."
            )
        bucket, key = split(file.address)
        more: dict[str, Any] = {}
        if file.kms_key:
            more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": file.kms_key}
        more["ContentType"] = "application/jsonlines"
        with s3_errors(file.address):
            try:
                self.client.put_object(Bucket=bucket, Key=key, Body=file.body, **more)
            except self.client.exceptions.ClientError as error:
                if not _is_lasting(error):
                    raise
                raise ValidationError(f"{file.address} was refused: {error}") from error


def _is_lasting(error: ClientError) -> bool:
    """Whether a repeated request would fail too: no such bucket, a key that is disabled."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return 400 <= status < 500 and status not in _PASSING
