"""Files removed for good: every version of them, in a versioned bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.aws.s3_objects import split
from larder.errors import ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_MOST_AT_ONCE = 1000
"""Objects that one DeleteObjects takes."""


class Shredder(Protocol):
    """Removes files so that nothing can bring them back."""

    def shred(self, paths: Collection[str]) -> None:
        """Remove every version of the files; a file that does not exist is no error."""

    def shred_removed(self, location: str) -> int:
        """Remove what is left of files below a folder that were removed before; how many."""

    def removed(self, location: str) -> int:
        """How much is left of files below a folder that were removed before."""

    def count(self, location: str) -> int:
        """How many files there are below a folder, versions of removed ones included."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object; a delete marker (S3's word) has no bytes."""

    key: str
    id: str
    latest: bool
    marker: bool


@dataclass(frozen=True, slots=True)
class S3Versions:
    """Implements ``Shredder``, and lists versions."""

    client: S3Client

    def below(self, bucket: str, prefix: str) -> Iterator[Version]:
        """Every version below a prefix, gathered first, delete markers included."""
        found = []
        with s3_errors(f"s3://{bucket}/{prefix}"):
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=bucket, Prefix=prefix
            )
            for page in pages:
                for each in page.get("Versions", []):
                    found.append(Version(each["Key"], each["VersionId"], each["IsLatest"], False))
                for mark in page.get("DeleteMarkers", []):
                    found.append(Version(mark["Key"], mark["VersionId"], mark["IsLatest"], True))
        return iter(found)

    def remove(self, bucket: str, versions: Collection[Version]) -> None:
        """Remove these versions.

        Raises:
            ServiceUnavailable: some are left.
        """
        with s3_errors(f"s3://{bucket}"):
            chosen = list(versions)
            for start in range(0, len(chosen), _MOST_AT_ONCE):
                objects: list[ObjectIdentifierTypeDef] = [
                    {"Key": each.key, "VersionId": each.id}
                    for each in chosen[start : start + _MOST_AT_ONCE]
                ]
                answer = self.client.delete_objects(
                    Bucket=bucket, Delete={"Objects": objects, "Quiet": True}
                )
                if errors := answer.get("Errors"):
                    raise ServiceUnavailable(
                        f"{len(errors)} versions were not removed from s3://{bucket}, for example "
                        f"{errors[0].get('Key')}: {errors[0].get('Message')}"
                    )

    def shred(self, paths: Collection[str]) -> None:
        """Remove every version of the objects."""
        for path in paths:
            bucket, key = split(path)
            self.remove(bucket, [each for each in self.below(bucket, key) if each.key == key])

    def shred_removed(self, location: str) -> int:
        """Remove versions that are not the latest, and all of objects that were deleted."""
        gone = self._gone(location)
        self.remove(split(location)[0], gone)
        return sum(not each.marker for each in gone)

    def removed(self, location: str) -> int:
        """Count the same."""
        return sum(not each.marker for each in self._gone(location))

    def _gone(self, location: str) -> list[Version]:
        bucket, key = split(location)
        versions = list(self.below(bucket, f"{key.rstrip('/')}/"))
        living = {each.key for each in versions if each.latest and not each.marker}
        return [each for each in versions if each.key not in living or not each.latest]

    def count(self, location: str) -> int:
        """Count every version that is not a delete marker."""
        bucket, key = split(location)
        versions = self.below(bucket, f"{key.rstrip('/')}/")
        return sum(not each.marker for each in versions)


@contextmanager
def s3_errors(where: str) -> Iterator[None]:
    """Raise S3's errors as Larder's.

    Raises:
        AccessForbidden: S3 refused the caller.
        ThrottlingException, ServiceUnavailable: S3 refused for load, failed or did not answer.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise refusal(f"S3 failed for {where}", error) from error
