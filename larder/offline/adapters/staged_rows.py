"""Staged rows on S3: a JSON object for each writer's batch, below the group's uid.

    version         of this form; an object of a newer one is left to the release that wrote it
    schema_version  of the group
    rows            identifier, event time, write time, invocation time, is deleted, values;
                    times in microseconds since the epoch

A key begins with the time at which it was staged, so that the oldest come first. The bucket keeps
old versions of what is deleted. These are copies of records, so the very version is removed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from larder.aws.s3_versions import s3_errors
from larder.bucket_folders import STAGING
from larder.errors import NewerFormat
from larder.formats import Format
from larder.groups.feature_group import FeatureGroup
from larder.offline.one_committer import Staged
from larder.offline.rows import Cell, OfflineRow
from larder.records.feature_values import Scalar
from larder.telemetry.newer import warn_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FORMAT = Format("staged-rows")


@dataclass(frozen=True, slots=True)
class S3StagedRows:
    """Implements ``larder.offline.one_committer.StagedRows``; ``clock`` gives Unix time.

    A key is that of the object and its version, between them a blank.
    """

    client: S3Client
    bucket: str
    clock: Callable[[], float] = time.time

    def put(self, group: FeatureGroup, rows: Sequence[OfflineRow]) -> str:
        key = f"{STAGING}{group.uid}/{int(self.clock() * 1e6):020d}-{uuid4().hex[:12]}.json"
        document = {
            "version": _FORMAT.newest,
            "schema_version": group.schema_version,
            "rows": [_to_json(row) for row in rows],
        }
        with self._errors(key):
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=orjson.dumps(document),
                ContentType="application/json",
            )
        return f"{key} {answer.get('VersionId', '')}"

    def is_waiting(self, key: str) -> bool:
        with self._errors(key):
            try:
                self.client.head_object(Bucket=self.bucket, Key=key.partition(" ")[0])
            except self.client.exceptions.ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 404:
                    raise
                return False
        return True

    def of(self, group: FeatureGroup) -> Iterator[Staged]:
        prefix = f"{STAGING}{group.uid}/"
        with self._errors(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in keys:
            if (staged := self._read(key)) is not None:
                yield staged

    def remove(self, keys: Collection[str]) -> None:
        for each in keys:
            key, _, version = each.partition(" ")
            more: Any = {"VersionId": version} if version else {}
            with self._errors(key):
                self.client.delete_object(Bucket=self.bucket, Key=key, **more)

    def _read(self, key: str) -> Staged | None:
        """What is staged there; ``None`` where it is gone, or of a form that is not known here."""
        with self._errors(key):
            try:
                answer = self.client.get_object(Bucket=self.bucket, Key=key)
            except self.client.exceptions.NoSuchKey:
                return None
            body = answer["Body"].read()
        return staged_from(f"{key} {answer.get('VersionId', '')}", body)

    def _errors(self, key: str) -> Any:  # noqa: ANN401 - a context manager
        return s3_errors(f"s3://{self.bucket}/{key}")


def _to_json(row: OfflineRow) -> list[object]:
    return [
        row.identifier,
        row.event_time,
        row.write_time,
        row.invocation_time,
        row.is_deleted,
        row.values,
    ]


def staged_from(key: str, body: bytes) -> Staged | None:
    """What an object holds; ``None`` where it is of a form that is not known here."""
    try:
        document = orjson.loads(body)
        _FORMAT.check(key, document["version"])
        rows = [_row(*cells) for cells in document["rows"]]
        return Staged(key, int(document["schema_version"]), rows)
    except NewerFormat as error:
        warn_of(error)
        return None
    except (ValueError, KeyError, TypeError):
        return None


def _row(
    identifier: Scalar,
    event_time: Scalar,
    write_time: int,
    invocation_time: int,
    is_deleted: bool,
    values: list[Cell],
) -> OfflineRow:
    return OfflineRow(
        identifier, event_time, write_time, invocation_time, is_deleted, tuple(values)
    )
