"""Results of Athena queries that hold an identifier: named; S3 removes them after some days."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from larder.aws.s3_versions import S3Versions, Version, s3_errors
from larder.erasure.adapters.values import is_identifier
from larder.erasure.erase import Subject, Trace, not_searched

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

RESULTS_PREFIX = "athena-results/"
"""Where the platform's workgroup writes results, in the platform's bucket."""
_LONGEST_CELL = 1 << 24


@dataclass(frozen=True, slots=True)
class AthenaResultSearch:
    """Implements ``larder.erasure.erase.Place`` by looking only.

    A result does not say which group a cell is of. So a cell counts where its text is the same.
    """

    client: S3Client
    bucket: str

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:  # noqa: ARG002
        """See ``Place.erase``; nothing is removed, so ``dry_run`` makes no difference."""
        holding, unreadable = list[str](), list[str]()
        for version in S3Versions(self.client).below(self.bucket, RESULTS_PREFIX):
            if version.marker or not version.key.endswith(".csv"):
                continue
            try:
                if self._holds(version, subjects):
                    holding.append(version.key)
            except (UnicodeDecodeError, csv.Error):
                unreadable.append(version.key)
        left = None
        if holding:
            left = (
                "cells have the same text, perhaps of another thing; S3 removes results after the "
                f"stage's query_result_days; for example {holding[0]}"
            )
        place = f"s3://{self.bucket}/{RESULTS_PREFIX}"
        unsearched = not_searched(unreadable)
        what, count = "results of queries", len(holding)
        return [Trace(place, what, count, left, stays=True, unsearched=unsearched)]

    def _holds(self, version: Version, subjects: Sequence[Subject]) -> bool:
        return any(
            is_identifier(cell, subject)
            for row in self._rows(version)
            for cell in row
            for subject in subjects
        )

    def _rows(self, version: Version) -> Iterator[list[str]]:
        csv.field_size_limit(_LONGEST_CELL)
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id
            )
            yield from csv.reader(codecs.getreader("utf-8")(answer["Body"]))
