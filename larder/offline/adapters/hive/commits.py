"""Commits to a table that has no commits: one object per table that only one writer can change.

Readers of a hive table read whatever files lie below its location, so nothing can be taken back
and nothing can appear at once. What makes a write one step all the same is the table's *slot*,
``<table's root>/commits/slot``, replaced by S3's conditional writes. It is empty, or holds the rows
of the last commit until their files are written. Whoever wants to commit writes those files first:
their names follow from the commit, so it makes no difference who does, and how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from botocore.exceptions import ClientError

from larder.aws.s3_objects import split
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.offline.ports import TableUnusable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class Overtaken(Exception):
    """Somebody else has written the object meanwhile."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What a table's slot holds: the ``rows`` (Parquet) of the ``commit`` to complete, or none."""

    uid: str
    commit: str
    rows: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class S3Slots:
    """The slots of tables. Every change carries a new commit, so no ETag ever comes again."""

    client: S3Client

    def read(self, group: FeatureGroup, store: OfflineStore) -> Slot | None:
        """The table's slot; ``None`` before its first commit.

        Raises:
            TableUnusable: the location is another group's, or another life's of this one's name.
        """
        bucket, key = split(_place(store))
        try:
            answer = self.client.get_object(Bucket=bucket, Key=key)
            body = answer["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        except self.client.exceptions.NoSuchBucket as error:
            raise TableUnusable(f"there is no bucket {bucket}") from error
        head, _, rows = body.partition(b"\n")
        told = orjson.loads(head)
        if told["uid"] != group.uid:
            raise TableUnusable(
                f"the location {store.location} already holds data that are not of feature group "
                f"{group.name} (its uid is {told['uid']!r}, not {group.uid!r})"
            )
        return Slot(told["uid"], told["commit"], rows, answer["ETag"])

    def replace(
        self, group: FeatureGroup, store: OfflineStore, old: Slot | None, rows: bytes = b""
    ) -> Slot:
        """Put a commit of those rows into the slot, or nothing.

        Raises:
            Overtaken: the slot is not ``old`` any more.
        """
        commit = uuid4().hex
        head = orjson.dumps({"uid": group.uid, "commit": commit})
        body, etag = head + b"\n" + rows, old.etag if old else None
        etag = put_if(self.client, store, _place(store), body, etag=etag)
        return Slot(group.uid, commit, rows, etag)


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


def _place(store: OfflineStore) -> str:
    return f"{store.location}/commits/slot"
