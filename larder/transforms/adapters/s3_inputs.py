"""Objects on S3 that transform jobs read, by ranges and in pieces of a megabyte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from larder.aws.refusals import code_of, refusal
from larder.aws.s3_objects import split
from larder.errors import AccessForbidden, ServiceUnavailable
from larder.transforms.errors import BadInput
from larder.transforms.shards import Found, Shard

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_PIECE: Final = 1 << 20
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})
_CHANGED: Final = frozenset({"412", "PreconditionFailed"})


@dataclass(frozen=True, slots=True)
class S3Inputs:
    """Implements ``larder.transforms.ports.Inputs``.

    Addresses below none of ``places``, each ending in a slash, are refused.
    """

    client: S3Client
    places: tuple[str, ...]

    def found(self, address: str) -> Iterator[Found]:
        bucket, key = self._split(address)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        with _explained(address):
            for page in pages:
                for item in page.get("Contents", []):
                    if not item["Key"].endswith("/"):
                        yield Found(f"s3://{bucket}/{item['Key']}", item["Size"], item["ETag"])

    def one(self, address: str) -> Found:
        bucket, key = self._split(address)
        with _explained(address):
            head = self.client.head_object(Bucket=bucket, Key=key)
        return Found(address, head["ContentLength"], head["ETag"])

    def read(self, shard: Shard) -> Iterator[bytes]:
        bucket, key = self._split(shard.address)
        if shard.end == 0:
            return
        first = max(0, shard.start - 1)
        with _explained(shard.address):
            found = self.client.get_object(
                Bucket=bucket, Key=key, Range=f"bytes={first}-", IfMatch=shard.etag
            )
            body = found["Body"]
            try:
                yield from body.iter_chunks(_PIECE)
            finally:
                body.close()

    def _split(self, address: str) -> tuple[str, str]:
        if not address.startswith(self.places):
            raise BadInput(
                f"{address[:300]!r} is outside the places that transform jobs read, which are "
                f"{', '.join(self.places)}: copy it there, or name its bucket in "
                "models.transform_buckets of the stage."
            )
        return split(address)


@contextmanager
def _explained(address: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _ABSENT:
            raise BadInput(f"{address} does not exist: upload it, or leave it out.") from error
        if code in _CHANGED:
            raise BadInput(
                f"{address} was replaced while the job ran: start another job for it."
            ) from error
        refused = refusal(f"S3 did not give {address}", error)
        if isinstance(refused, AccessForbidden):
            raise BadInput(str(refused)) from error
        raise refused from error
    except (BotoCoreError, HTTPClientError) as error:
        raise ServiceUnavailable(f"S3 did not give all of {address}: {error}") from error
