"""Erasure from what exposures leave: rows of a unit, and lines that are not rows yet.

An exposure names its unit, and no record that it read. So a record is found by its unit alone.
"""

from __future__ import annotations

import gzip
import zlib
from base64 import b64decode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from larder.aws.s3_versions import S3Versions, Version, s3_errors
from larder.bucket_folders import EXPOSURES
from larder.erasure.erase import Place, Subject, Trace, not_searched
from larder.errors import LarderError
from larder.groups.feature_group import FeatureGroup
from larder.models.exposure_line import UnreadableLine, from_line
from larder.models.record_exposures import WHOLE

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

UNIT = "unit"
PARKED = f"{EXPOSURES}parked/"
QUARANTINED = f"{EXPOSURES}quarantine/"
_WAITING = "`larder exposures redrive` makes rows of them; erase again then"


@dataclass(frozen=True, slots=True)
class ExposureErasure:
    """Implements ``larder.erasure.erase.Place`` for rows whose unit is the identifier.

    ``table`` describes the table of exposures, ``rows`` erases from it by the unit. Lines in
    quarantine that have the unit are removed, every version. Deliveries that wait are only named,
    for they have lines of others too.
    """

    table: FeatureGroup
    rows: Place
    client: S3Client
    bucket: str

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        units = {each.slot.identifier: each for each in subjects}
        mine = [replace(each, group=self.table) for each in units.values()]
        return [
            *self.rows.erase(mine, dry_run=dry_run),
            self._below(QUARANTINED, units, _of_quarantine, removes=not dry_run),
            self._below(PARKED, units, _of_delivery, stays=True),
        ]

    def _below(
        self,
        prefix: str,
        units: Collection[str],
        lines_of: Callable[[bytes], list[str]],
        *,
        removes: bool = False,
        stays: bool = False,
    ) -> Trace:
        count, unreadable = 0, list[str]()
        versions = S3Versions(self.client)
        for version in versions.below(self.bucket, prefix):
            if version.marker:
                continue
            try:
                found = sum(_has(line, units) for line in lines_of(self._read(version)))
            except (ValueError, TypeError, KeyError, OSError, EOFError, zlib.error):
                unreadable.append(version.key)
                continue
            count += found
            if found and removes:
                versions.remove(self.bucket, [version])
        place = f"s3://{self.bucket}/{prefix}"
        left = _WAITING if stays and count else None
        unsearched = not_searched(unreadable)
        return Trace(place, "lines", count, left, stays=stays, unsearched=unsearched)

    def _read(self, version: Version) -> bytes:
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id
            )
            return answer["Body"].read()


def _of_quarantine(body: bytes) -> list[str]:
    document = orjson.loads(body)
    if document["log_event"] == WHOLE:
        raise ValueError("a delivery that could not be unpacked")
    return [str(document["line"])]


def _of_delivery(body: bytes) -> list[str]:
    data = orjson.loads(body)["awslogs"]["data"]
    document = orjson.loads(gzip.decompress(b64decode(data)))
    return [str(each["message"]) for each in document.get("logEvents", ())]


def _has(line: str, units: Collection[str]) -> bool:
    """Whether a line has an instance of one of the units; one that can't be read may have any."""
    try:
        exposure = from_line(line)
    except (UnreadableLine, LarderError):
        return any(orjson.dumps(unit).decode() in line for unit in units)
    return exposure is not None and any(each.unit in units for each in exposure.instances)
