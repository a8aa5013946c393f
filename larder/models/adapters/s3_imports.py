"""Artefacts on S3: read where a request says, kept in the platform's own bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import code_of, refusal
from larder.aws.s3_objects import split
from larder.errors import ValidationError
from larder.models.archive import MAX_BYTES, MAX_FILES, ModelFile
from larder.models.import_request import Source, SourceForm
from larder.models.served import ModelArtefact

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CHUNK: Final = 1 << 20
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})
_TAKEN: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_FORBIDDEN: Final = frozenset({"403", "AccessDenied", "Forbidden"})


@dataclass(frozen=True, slots=True)
class S3Artefacts:
    """Implements ``larder.models.import_model.ArtefactSource``.

    ``readable`` are the beginnings of the addresses that may be read, such as ``s3://bucket/``.
    """

    client: S3Client
    readable: tuple[str, ...]

    def fetch(self, source: Source, folder: Path) -> Path | Sequence[ModelFile]:
        self._check(source.uri)
        bucket, key = split(source.uri)
        if source.form is SourceForm.FOLDER:
            return list(self._folder(bucket, key, folder))
        path = folder / "artefact"
        self._download(bucket, key, path, source)
        if source.form is SourceForm.ARCHIVE:
            return path
        return [ModelFile(key.rpartition("/")[2], path)]

    def text(self, uri: str, most: int) -> bytes:
        self._check(uri)
        bucket, key = split(uri)
        with _explained(uri):
            found = self.client.get_object(Bucket=bucket, Key=key)
            if found["ContentLength"] > most:
                raise ValidationError(
                    f"{uri} has {found['ContentLength']} bytes, of {most} at most."
                )
            return found["Body"].read()

    def _check(self, uri: str) -> None:
        if not uri.startswith(self.readable):
            raise ValidationError(
                f"{uri[:300]!r} is outside the places that models are read from, which are "
                f"{', '.join(self.readable)}: copy it there, or name its bucket in "
                "models.buckets of the stage's configuration."
            )

    def _download(self, bucket: str, key: str, path: Path, source: Source) -> None:
        uri = f"s3://{bucket}/{key}"
        with _explained(uri):
            found = self.client.get_object(Bucket=bucket, Key=key)
            etag, size = found["ETag"].strip('"'), found["ContentLength"]
            if source.etag is not None and source.etag.strip('"') != etag:
                raise ValidationError(
                    f"{uri} has the ETag {etag!r}, not {source.etag!r}: the object was replaced. "
                    "Give its present ETag, or none."
                )
            if size > MAX_BYTES:
                raise ValidationError(
                    f"{uri} has {size // 2**20} MB, of {MAX_BYTES // 2**20} MB at most."
                )
            with path.open("wb") as file:
                for chunk in found["Body"].iter_chunks(_CHUNK):
                    file.write(chunk)

    def _folder(self, bucket: str, key: str, folder: Path) -> Iterator[ModelFile]:
        prefix = key if not key or key.endswith("/") else f"{key}/"
        uri = f"s3://{bucket}/{prefix}"
        with _explained(uri):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": 10 * MAX_FILES}
            )
            found = [
                (item["Key"].removeprefix(prefix), item["Key"], item["Size"])
                for page in pages
                for item in page.get("Contents", [])
            ]
        files = [each for each in found if each[0] and not _hidden(each[0])]
        if not files:
            raise ValidationError(f"{uri} has no file: give the folder of the model's files.")
        if len(files) > MAX_FILES or sum(size for *_, size in files) > MAX_BYTES:
            raise ValidationError(
                f"{uri} has {len(files)} files of {sum(size for *_, size in files) // 2**20} MB: "
                f"at most {MAX_FILES} files of {MAX_BYTES // 2**20} MB are taken in."
            )
        for place, (name, each, _) in enumerate(files):
            path = folder / f"file{place}"
            self._download(bucket, each, path, Source(uri=uri, form=SourceForm.FILE))
            yield ModelFile(name, path)


@dataclass(frozen=True, slots=True)
class S3ModelStore:
    """Implements ``larder.models.import_model.ArtefactStore``; ``prefix`` ends in a slash."""

    client: S3Client
    bucket: str
    prefix: str

    def keep(self, path: Path) -> ModelArtefact:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        sha256, size = digest.hexdigest(), path.stat().st_size
        with _explained(f"s3://{self.bucket}/{self.prefix}"), path.open("rb") as file:
            self._create(f"{self.prefix}{sha256}", file)
        return ModelArtefact(sha256=sha256, size=size)

    def _create(self, key: str, file: IO[bytes]) -> None:
        """Write an object unless it exists: then it has these bytes, by its name."""
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=file, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN:
                raise


def _hidden(name: str) -> bool:
    return name.endswith("/") or any(part.startswith(".") for part in name.split("/"))


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _ABSENT:
            raise ValidationError(f"{uri} does not exist: upload the model data there.") from error
        if code in _FORBIDDEN:
            raise ValidationError(
                f"{uri} can't be read by the platform's import, or does not exist: let the "
                "bucket's and the key's policies admit it."
            ) from error
        raise refusal(f"S3 did not give {uri}", error) from error
    except BotoCoreError as error:
        raise refusal(f"S3 did not answer for {uri}", error) from error
