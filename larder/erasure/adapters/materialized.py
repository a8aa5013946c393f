"""Erasure from files that a materialization put aside on its way, or left when it was killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from larder.aws.s3_versions import S3Versions, Version, s3_errors
from larder.erasure.adapters.values import is_identifier
from larder.erasure.erase import Subject, Trace, not_searched

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class MaterializedErasure:
    """Implements ``larder.erasure.erase.Place``: a file that holds the identifier is removed whole.

    Files lie below ``prefix`` by the group's uid. A materialization that is reading one fails then,
    and has to be run again. Versions of files that were removed before go too.
    """

    client: S3Client
    bucket: str
    prefix: str

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        versions, holding, unreadable = S3Versions(self.client), list[Version](), list[str]()
        for subject in subjects:
            for version in versions.below(self.bucket, f"{self.prefix}{subject.group.uid}/"):
                if version.marker:
                    continue
                try:
                    if self._holds(version, subject):
                        holding.append(version)
                except pa.ArrowInvalid:
                    unreadable.append(version.key)
        if not dry_run:
            versions.remove(self.bucket, holding)
        place, unsearched = f"s3://{self.bucket}/{self.prefix}", not_searched(unreadable)
        return [Trace(place, "files", len(holding), unsearched=unsearched)]

    def _holds(self, version: Version, subject: Subject) -> bool:
        ordinal = subject.group.ordinals[subject.group.record_identifier_name]
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id
            )
            body = answer["Body"].read()
        if not body:
            return False
        column = pq.read_table(BytesIO(body), columns=[f"f{ordinal}"]).column(0)
        values = column.unique().to_pylist()
        return any(is_identifier(each, subject) for each in values if each is not None)
