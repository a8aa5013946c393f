"""Erasure from rows that wait for a commit of their offline table, or were left by a writer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from larder.aws.s3_versions import S3Versions, Version, s3_errors
from larder.bucket_folders import STAGING
from larder.erasure.adapters.values import is_identifier
from larder.erasure.erase import Subject, Trace, not_searched
from larder.offline.adapters.staged_rows import LONGEST_WAIT, StagedTables, staged_from

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class StagedErasure:
    """Implements ``larder.erasure.erase.Place``; ``clock`` gives Unix time.

    The tables come before this place. So their marks refuse the rows of the identifier once a
    waiting writer commits. The writer of the batch then removes its object for good. An object
    that no writer can wait for any more is removed whole: what else is in it was written since.
    """

    client: S3Client
    bucket: str
    clock: Callable[[], float] = time.time

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        versions, left, waiting = S3Versions(self.client), list[Version](), list[str]()
        unreadable: list[str] = []
        for version in versions.below(self.bucket, STAGING):
            if version.marker:
                continue
            holds = self._holds(version, subjects)
            if holds is None:
                unreadable.append(version.key)
            elif holds:
                if self._is_waited_for(version):
                    waiting.append(version.key)
                else:
                    left.append(version)
        if not dry_run:
            versions.remove(self.bucket, left)
        reasons = [not_searched(unreadable)]
        if waiting:
            reasons.append(
                f"{len(waiting)} batches are being committed now: erase again in a minute"
            )
        unsearched = "; ".join(each for each in reasons if each) or None
        place = f"s3://{self.bucket}/{STAGING}"
        return [Trace(place, "staged batches", len(left), unsearched=unsearched)]

    def _holds(self, version: Version, subjects: Sequence[Subject]) -> bool | None:
        """Whether the batch holds any of them; ``None`` where it can't be read."""
        with s3_errors(f"s3://{self.bucket}/{version.key}"):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=version.key, VersionId=version.id
            )
            staged = staged_from(version.key, answer["Body"].read())
        if staged is None:
            return None
        try:
            return any(_is_in(staged, subject) for subject in subjects)
        except (ValueError, KeyError, TypeError):
            return None

    def _is_waited_for(self, version: Version) -> bool:
        micros = version.key.rpartition("/")[2].partition("-")[0]
        age = self.clock() - int(micros) / 1e6 if micros.isdigit() else 0.0
        return version.latest and age < LONGEST_WAIT


def _is_in(staged: StagedTables, subject: Subject) -> bool:
    found = staged.found(subject.group.uid)
    return found is not None and any(is_identifier(row.identifier, subject) for row in found.rows)
