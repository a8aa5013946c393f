"""Objects on S3: listed, sent, fetched, removed; large ones by way of local files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from larder.bucket_folders import TRAINING_SETS
from larder.errors import ResourceInUse, ValidationError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


def training_sets_at(bucket: str) -> str:
    """The folder of all training sets; each has one of its name there, with its manifest."""
    return f"s3://{bucket}/{TRAINING_SETS}"


def split(address: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` address.

    Raises:
        ValidationError: the address has another form.
    """
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValidationError(f"{address[:200]!r} is not of the form s3://bucket/key")
    return bucket, key


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of S3 by their ``s3://`` addresses."""

    client: S3Client

    def listed(self, address: str) -> Iterator[tuple[str, int]]:
        """Address and size of each object below a folder, or the object itself, by name.

        As Athena does, names that begin with ``_`` or ``.`` and empty objects are left out.
        """
        bucket, key = split(address)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        for page in pages:
            for item in page.get("Contents", []):
                name = item["Key"]
                below = not key or key.endswith("/") or name == key or name.startswith(f"{key}/")
                if below and item["Size"] and name.rsplit("/", 1)[-1][:1] not in ("_", "."):
                    yield f"s3://{bucket}/{name}", item["Size"]

    def folders(self, address: str) -> list[str]:
        """Names of the folders right below one."""
        bucket, key = split(address)
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=key, Delimiter="/"
        )
        found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        return [prefix[len(key) :].rstrip("/") for prefix in found]

    def send(self, path: Path, address: str) -> None:
        """Write a file's bytes to an object."""
        bucket, key = split(address)
        self.client.upload_file(str(path), bucket, key)

    def fetch(self, address: str, path: Path) -> str:
        """Write an object's bytes to a file; their SHA-256."""
        bucket, key = split(address)
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in self.client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def digest(self, address: str) -> str | None:
        """The SHA-256 of an object; ``None`` if there is no such object."""
        bucket, key = split(address)
        digest = hashlib.sha256()
        try:
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise
        for chunk in body.iter_chunks(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def read(self, address: str) -> bytes | None:
        """A small object's bytes; ``None`` if there is no such object."""
        bucket, key = split(address)
        try:
            return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise

    def create(self, address: str, body: bytes) -> None:
        """Write an object that does not exist yet.

        Raises:
            ResourceInUse: it does.
        """
        bucket, key = split(address)
        try:
            self.client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _TAKEN:
                raise ResourceInUse(f"{address} exists already") from error
            raise

    def write(self, address: str, body: bytes) -> None:
        """Write a small object, over what was there."""
        bucket, key = split(address)
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def copy(self, address: str, to: str) -> None:
        """Write an object's bytes to another one of at most 5 GB, without fetching them."""
        bucket, key = split(address)
        to_bucket, to_key = split(to)
        self.client.copy_object(
            Bucket=to_bucket, Key=to_key, CopySource={"Bucket": bucket, "Key": key}
        )

    def remove(self, address: str) -> None:
        """Delete every object below a folder."""
        bucket, key = split(address)
        if not key.endswith("/"):
            raise ValueError(f"{address} is not a folder: it must end with a slash")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        for page in pages:
            keys: list[ObjectIdentifierTypeDef] = [
                {"Key": item["Key"]} for item in page.get("Contents", [])
            ]
            if keys:
                self.client.delete_objects(Bucket=bucket, Delete={"Objects": keys})
