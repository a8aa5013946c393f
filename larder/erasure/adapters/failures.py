"""Erasure from what the offline writer could not write: spilled, parked and quarantined changes."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from larder.aws.s3_versions import S3Versions, Version, s3_errors
from larder.bucket_folders import QUARANTINE, SPILLED
from larder.erasure.adapters.online import identifier_in
from larder.erasure.erase import Subject, Trace, not_searched
from larder.errors import ValidationError
from larder.offline.redrive import records_of
from larder.records.adapters.dynamodb_item import from_item, parse_partition
from larder.records.keys import sort_key

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_OF_REGISTRY = ("G#", "U#", "H#", "M#")
"""Items of the registry, whose failed batches lie in the same place, and heartbeats."""


@dataclass(frozen=True, slots=True)
class FailureErasure:
    """Implements ``larder.erasure.erase.Place``: every version of every object is looked through.

    An object with other records too is written again without the erased ones.
    """

    client: S3Client
    bucket: str

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        return [self._under(prefix, subjects, dry_run=dry_run) for prefix in (SPILLED, QUARANTINE)]

    def _under(self, prefix: str, subjects: Sequence[Subject], *, dry_run: bool) -> Trace:
        count, unreadable = 0, list[str]()
        versions = S3Versions(self.client)
        for version in versions.below(self.bucket, prefix):
            if version.marker:
                continue
            body = self._read(version)
            try:
                records = records_of(body)
            except ValueError:
                unreadable.append(version.key)
                continue
            others = [each for each in records if not any(_is_of(each, who) for who in subjects)]
            if len(others) == len(records):
                continue
            count += len(records) - len(others)
            if not dry_run:
                self._replace(version, body, others)
                versions.remove(self.bucket, [version])
        place, unsearched = f"s3://{self.bucket}/{prefix}", not_searched(unreadable)
        return Trace(place, "records", count, unsearched=unsearched)

    def _read(self, version: Version) -> bytes:
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id
            )
            return answer["Body"].read()

    def _replace(self, version: Version, body: bytes, others: Sequence[Any]) -> None:
        """Write the rest of an object; what it says beside its records stays."""
        if not version.latest or not others:
            return
        rest = orjson.dumps({**orjson.loads(body), "payload": {"Records": others}})
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            self.client.put_object(Bucket=self.bucket, Key=version.key, Body=rest)


def _is_of(record: Mapping[str, Any], subject: Subject) -> bool:
    """Whether a record is the subject's.

    One that can't be read may have been set aside for that. It is the subject's under two
    conditions: it is of the group, or of none; it holds the identifier as a text, a key or a packed
    value.
    """
    try:
        stream = record["dynamodb"]
        partition = str(stream["Keys"]["pk"]["S"])
        if partition.startswith(_OF_REGISTRY) or parse_partition(partition)[1] != subject.slot.uid:
            return False
    except (KeyError, TypeError, ValueError):
        return _mentions(record, subject.slot.identifier)
    try:
        images = [stream[name] for name in ("NewImage", "OldImage") if name in stream]
        if not images:
            return _mentions(record, subject.slot.identifier)
        found = {identifier_in(subject.group, from_item(each, "").packed) for each in images}
    except (KeyError, TypeError, ValueError, ValidationError):
        return _mentions(record, subject.slot.identifier)
    return subject.slot.identifier in found


def _mentions(record: object, identifier: str) -> bool:
    texts, packed = {identifier, sort_key(identifier)}, orjson.dumps(identifier)
    return any(each in texts or packed in _bytes(each) for each in _leaves(record))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str):
        yield value


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""
