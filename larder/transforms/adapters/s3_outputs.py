"""Objects on S3 that transform jobs write: at once where they are small, else in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import split
from larder.transforms.ports import Write

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_PART: Final = 8 * 2**20
"""Bytes of a part that is sent; S3 takes from 5 MB on."""
_LEAST: Final = 5 * 2**20
_MOST_COPIED: Final = 5 * 2**30
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class S3Outputs:
    """Implements ``larder.transforms.ports.Outputs``.

    A multipart upload that fails is aborted. Where that fails too, the bucket removes the parts
    after a while.
    """

    client: S3Client

    @contextmanager
    def write(self, address: str) -> Iterator[Write]:
        upload = _Upload(self.client, *split(address))
        with upload.ended():
            yield upload.write

    def join(self, address: str, parts: Sequence[str]) -> None:
        upload = _Upload(self.client, *split(address))
        with upload.ended():
            for each in parts:
                bucket, key = split(each)
                size = self._size(each)
                if upload.may_copy and _LEAST <= size <= _MOST_COPIED:
                    upload.copy(bucket, key)
                else:
                    self._send(upload, bucket, key)

    def _size(self, address: str) -> int:
        bucket, key = split(address)
        try:
            return self.client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"S3 did not tell of {address}", error) from error

    def _send(self, upload: _Upload, bucket: str, key: str) -> None:
        with closing(self.client.get_object(Bucket=bucket, Key=key)["Body"]) as body:
            for chunk in body.iter_chunks(_PIECE):
                upload.write(chunk)


@dataclass(slots=True)
class _Upload:
    """An object that is being written: all of its bytes, or its parts."""

    client: S3Client
    bucket: str
    key: str
    _held: bytearray = field(default_factory=bytearray)
    _id: str = ""
    _parts: list[Any] = field(default_factory=list)

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Make the object where the block ends without an error, else leave nothing of it."""
        try:
            yield
            self._finish()
        except (ClientError, BotoCoreError) as error:
            self._abort()
            raise refusal(f"S3 did not take s3://{self.bucket}/{self.key}", error) from error
        except BaseException:
            self._abort()
            raise

    @property
    def may_copy(self) -> bool:
        """Whether a part may follow as it lies: those before it are as large as S3 asks for."""
        return not self._held or len(self._held) >= _LEAST

    def write(self, piece: bytes) -> None:
        """Append bytes."""
        self._held += piece
        while len(self._held) >= _PART:
            self._send(bytes(self._held[:_PART]))
            del self._held[:_PART]

    def copy(self, bucket: str, key: str) -> None:
        """Append an object's bytes without reading them."""
        if self._held:
            self._send(bytes(self._held))
            self._held.clear()
        number = self._next()
        answer = self.client.upload_part_copy(
            Bucket=self.bucket,
            Key=self.key,
            UploadId=self._id,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": key},
        )
        self._parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})

    def _send(self, body: bytes) -> None:
        number = self._next()
        answer = self.client.upload_part(
            Bucket=self.bucket, Key=self.key, UploadId=self._id, PartNumber=number, Body=body
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def _next(self) -> int:
        if not self._id:
            answer = self.client.create_multipart_upload(Bucket=self.bucket, Key=self.key)
            self._id = answer["UploadId"]
        return len(self._parts) + 1

    def _finish(self) -> None:
        if not self._id:
            self.client.put_object(Bucket=self.bucket, Key=self.key, Body=bytes(self._held))
            return
        if self._held:
            self._send(bytes(self._held))
        self.client.complete_multipart_upload(
            Bucket=self.bucket,
            Key=self.key,
            UploadId=self._id,
            MultipartUpload={"Parts": self._parts},
        )

    def _abort(self) -> None:
        if not self._id:
            return
        try:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self._id)
        except (ClientError, BotoCoreError):
            return  # the bucket removes what is left, and the first error is the one to tell
