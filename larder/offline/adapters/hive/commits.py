"""Commits to a table that has no commits: one object per table that only one writer can change.

Readers of a hive table read whatever files lie below its location. So nothing can be taken back,
and nothing can appear at once. What makes a write one step all the same is the table's *slot*,
``<table's root>/commits/slot``, replaced by S3's conditional writes. It is empty, or holds the rows
of the last commit until their files are written. The next writer that wants to commit writes those
files first. Their names follow from the commit, so it makes no difference who does, and how often.

The slot also keeps the table's notes, which every commit carries on: marks of erasures, and how far
ingestion runs have come. So a commit and its note are one step, and a commit that was begun before
a note is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from botocore.exceptions import ClientError

from larder.aws.s3_objects import split
from larder.formats import MEMBER, Format
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.offline.erased_marks import Marks
from larder.offline.ports import TableUnusable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FORMAT = Format("hive-slot")
_KNOWN = frozenset({"uid", "commit", "erased", "runs"})
_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class Overtaken(Exception):
    """Somebody else has written the object meanwhile."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What a table keeps besides its rows.

    ``erased`` are the marks of erasures. ``runs`` says how far ingestion runs are, by their id.
    ``more`` is what a newer release keeps there; it is carried on.
    """

    erased: Marks = field(default_factory=Marks)
    runs: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def erasing(self, mark: str, time: int) -> Notes:
        """With a mark of an erasure at a time (µs)."""
        return replace(self, erased=self.erased.adding(mark, time))


@dataclass(frozen=True, slots=True)
class Slot:
    """What a table's slot holds: the ``rows`` (Parquet) of the ``commit`` to complete, or none."""

    uid: str
    commit: str
    rows: bytes
    etag: str
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True, slots=True)
class S3Slots:
    """The slots of tables. Every change carries a new commit, so no ETag ever comes again."""

    client: S3Client

    def read(self, group: FeatureGroup, store: OfflineStore) -> Slot | None:
        """The table's slot; ``None`` before its first commit.

        Raises:
            TableUnusable: the location is another group's, or another life's of this one's name.
            NewerFormat: a newer release has written it.
        """
        bucket, key = split(slot_address(store))
        try:
            answer = self.client.get_object(Bucket=bucket, Key=key)
            body = answer["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        except self.client.exceptions.NoSuchBucket as error:
            raise TableUnusable(f"there is no bucket {bucket}") from error
        head, _, rows = body.partition(b"\n")
        told = orjson.loads(head)
        _FORMAT.check(slot_address(store), told.get(MEMBER))
        if told["uid"] != group.uid:
            raise TableUnusable(
                f"the location {store.location} already holds data that are not of feature group "
                f"{group.name} (its uid is {told['uid']!r}, not {group.uid!r})"
            )
        more = {name: value for name, value in told.items() if name not in _KNOWN}
        notes = Notes(Marks.parse(told.get("erased")), told.get("runs", {}), more)
        return Slot(told["uid"], told["commit"], rows, answer["ETag"], notes)

    def replace(
        self,
        group: FeatureGroup,
        store: OfflineStore,
        old: Slot | None,
        rows: bytes = b"",
        notes: Notes | None = None,
    ) -> Slot:
        """Put a commit of those rows into the slot, or nothing; by default its notes stay.

        Raises:
            Overtaken: the slot is not ``old`` any more.
        """
        commit, kept = uuid4().hex, notes or (old.notes if old else Notes())
        head: dict[str, Any] = {**kept.more, "uid": group.uid, "commit": commit}
        if kept.erased.times:
            head["erased"] = str(kept.erased)
        if kept.runs:
            head["runs"] = dict(kept.runs)
        body, etag = orjson.dumps(head) + b"\n" + rows, old.etag if old else None
        etag = put_if(self.client, store, slot_address(store), body, etag=etag)
        return Slot(group.uid, commit, rows, etag, kept)


def put_if(
    client: S3Client, store: OfflineStore, address: str, body: bytes, *, etag: str | None
) -> str:
    """Write an object that still has that ETag, or that is not there yet; its new ETag.

    The group's key encrypts it, if it names one, whatever the bucket's own is.

    Raises:
        Overtaken: it is otherwise.
        TableUnusable: there is no such bucket.
    """
    bucket, key = split(address)
    more: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    if store.kms_key_id is not None:
        more |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": store.kms_key_id}
    try:
        return client.put_object(Bucket=bucket, Key=key, Body=body, **more)["ETag"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _OVERTAKEN:
            raise Overtaken(f"{address} was written meanwhile") from error
        if code == "NoSuchBucket":
            raise TableUnusable(f"there is no bucket {bucket}") from error
        raise


def slot_address(store: OfflineStore) -> str:
    """Where a table's slot is."""
    return f"{store.location}/commits/slot"
