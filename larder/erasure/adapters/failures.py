"""Erasure from what the offline writer could not write: spilled batches and the quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from larder.aws.s3_versions import S3Versions, Version, s3_errors
from larder.erasure.adapters.online import identifier_in
from larder.erasure.erase import Subject, Trace
from larder.errors import ValidationError
from larder.offline.redrive import QUARANTINE_PREFIX, SPILLED_PREFIX, records_of
from larder.records.adapters.dynamodb_item import from_item, parse_partition

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class FailureErasure:
    """Implements ``larder.erasure.erase.Place``: every version of every object is looked through.

    An object with other records too is written anew without the erased ones.
    """

    client: S3Client
    bucket: str

    def erase(self, subject: Subject, *, dry_run: bool) -> Sequence[Trace]:
        """See the port."""
        return [
            self._under(prefix, subject, dry_run=dry_run)
            for prefix in (SPILLED_PREFIX, QUARANTINE_PREFIX)
        ]

    def _under(self, prefix: str, subject: Subject, *, dry_run: bool) -> Trace:
        count = unreadable = 0
        versions = S3Versions(self.client)
        for version in versions.below(self.bucket, prefix):
            if version.marker:
                continue
            try:
                records = records_of(self._read(version))
            except ValueError:
                unreadable += 1
                continue
            others = [record for record in records if not _is_of(record, subject)]
            if len(others) == len(records):
                continue
            count += len(records) - len(others)
            if not dry_run:
                self._replace(version, others)
                versions.remove(self.bucket, [version])
        left = f"{unreadable} objects can't be read: look at them" if unreadable else None
        return Trace(f"s3://{self.bucket}/{prefix}", "records", count, left)

    def _read(self, version: Version) -> bytes:
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id
            )
            return answer["Body"].read()

    def _replace(self, version: Version, others: Sequence[Any]) -> None:
        if version.latest and others:
            body = orjson.dumps({"payload": {"Records": others}})
            with s3_errors(f"s3://{self.bucket}/{version.key}"):
                self.client.put_object(Bucket=self.bucket, Key=version.key, Body=body)


def _is_of(record: Mapping[str, Any], subject: Subject) -> bool:
    try:
        stream = record["dynamodb"]
        if parse_partition(stream["Keys"]["pk"]["S"])[1] != subject.slot.uid:
            return False
        images = (stream[name] for name in ("NewImage", "OldImage") if name in stream)
        found = {identifier_in(subject.group, from_item(each, "").packed) for each in images}
    except (KeyError, TypeError, ValueError, ValidationError):  # set aside for being none
        return subject.slot.identifier in orjson.dumps(record).decode()
    return subject.slot.identifier in found
