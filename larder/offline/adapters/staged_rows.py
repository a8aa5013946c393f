"""Staged rows on S3: a JSON object for each writer's batch, in one folder of the bucket.

    version  of this form; an object of a newer one is left to the release that wrote it
    tables   by the group's uid a text, which is JSON again: so one table's rows are read alone

    schema_version  of the group
    rows            identifier, event time, write time, invocation time, is deleted, values;
                    times in microseconds since the epoch

Format 1 had one table's rows beside the version, below the group's uid. Only the release that wrote
such an object commits it; erasure looks through it.

A key begins with the time at which it was staged, so that the oldest come first. The bucket keeps
old versions of what is deleted. These are copies of records, so the very version is removed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from larder.aws.s3_versions import s3_errors
from larder.bucket_folders import STAGING
from larder.errors import NewerFormat
from larder.formats import Format
from larder.offline.ports import TableRows
from larder.offline.rows import Cell, OfflineRow
from larder.offline.turns import Placed, Staged, Waiting
from larder.records.feature_values import Scalar
from larder.telemetry.newer import warn_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LONGEST_WAIT = 900.0
"""Seconds; no function of Lambda runs longer, so no writer waits for older rows."""
RECORDS_FOLDER = "records"
"""Where the writer of all groups stages; no group has this uid."""
_MISSHAPEN = (ValueError, KeyError, TypeError, IndexError, AttributeError)
_FORMAT = Format("staged-rows", newest=2)


@dataclass(frozen=True, slots=True)
class S3StagedRows:
    """Implements ``larder.offline.turns.StagedRows``; ``clock`` gives Unix time.

    Writers that share a ``folder`` below ``STAGING`` commit each other's rows.
    """

    client: S3Client
    bucket: str
    folder: str
    clock: Callable[[], float] = time.time

    def put(self, tables: Sequence[TableRows]) -> Placed:
        key = f"{self._prefix}{self._moment(0):020d}-{uuid4().hex[:12]}.json"
        texts = {each.group.uid: _to_text(each) for each in tables}
        with self._errors(key):
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=orjson.dumps({"version": _FORMAT.newest, "tables": texts}),
                ContentType="application/json",
            )
        return Placed(key, answer.get("VersionId", ""))

    def waiting(self) -> Sequence[Waiting]:
        with self._errors(self._prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket,
                Prefix=self._prefix,
                StartAfter=f"{self._prefix}{self._moment(-LONGEST_WAIT):020d}",
            )
            items = [item for page in pages for item in page.get("Contents", [])]
        return [Waiting(item["Key"], item["Size"]) for item in items]

    def read(self, key: str) -> StagedTables | None:
        with self._errors(key):
            try:
                answer = self.client.get_object(Bucket=self.bucket, Key=key)
            except self.client.exceptions.NoSuchKey:
                return None
            body = answer["Body"].read()
        return staged_from(key, body)

    def remove(self, placed: Placed) -> None:
        more: Any = {"VersionId": placed.version} if placed.version else {}
        with self._errors(placed.key):
            self.client.delete_object(Bucket=self.bucket, Key=placed.key, **more)

    @property
    def _prefix(self) -> str:
        return f"{STAGING}{self.folder}/"

    def _moment(self, seconds: float) -> int:
        return int((self.clock() + seconds) * 1_000_000)

    def _errors(self, key: str) -> Any:  # noqa: ANN401 - a context manager
        return s3_errors(f"s3://{self.bucket}/{key}")


@dataclass(frozen=True, slots=True)
class StagedTables:
    """Implements ``larder.offline.turns.StagedBatch``; ``texts`` are the tables' by uid."""

    texts: Mapping[str, str]

    def rows_of(self, uid: str) -> Staged | None:
        try:
            return self.found(uid)
        except _MISSHAPEN:
            return None

    def found(self, uid: str) -> Staged | None:
        """The same, but what can't be read is an error.

        Raises:
            ValueError, KeyError, TypeError: the table's text is of another form.
        """
        text = self.texts.get(uid)
        if text is None:
            return None
        table = orjson.loads(text)
        return Staged(int(table["schema_version"]), [_row(*cells) for cells in table["rows"]])


def staged_from(key: str, body: bytes) -> StagedTables | None:
    """What an object holds; ``None`` where it is of a form that is not known here."""
    try:
        document = orjson.loads(body)
        _FORMAT.check(key, document["version"])
        if "tables" not in document:  # format 1
            return StagedTables({key.split("/")[-2]: body.decode()})
        return StagedTables(dict(document["tables"].items()))
    except NewerFormat as error:
        warn_of(error)
        return None
    except _MISSHAPEN:
        return None


def _to_text(table: TableRows) -> str:
    rows = [_to_json(row) for row in table.rows]
    return orjson.dumps({"schema_version": table.group.schema_version, "rows": rows}).decode()


def _to_json(row: OfflineRow) -> list[object]:
    return [
        row.identifier,
        row.event_time,
        row.write_time,
        row.invocation_time,
        row.is_deleted,
        row.values,
    ]


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
