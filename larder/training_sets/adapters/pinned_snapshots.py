"""Snapshots that training sets were made of, as the sets' manifests on S3 name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from larder.aws.s3_objects import MANIFEST, Objects, training_sets_at
from larder.aws.s3_versions import s3_errors
from larder.training_sets.manifest import pinned_by


@dataclass(frozen=True, slots=True)
class S3PinnedSnapshots:
    """Implements ``larder.offline.maintain.PinnedSnapshots`` on the platform's bucket."""

    objects: Objects
    bucket: str

    def by_table(self, not_before_micros: int) -> Mapping[tuple[str, str], Collection[int]]:
        """See the port.

        Raises:
            ServiceUnavailable: S3 did not answer.
            AccessForbidden: it refused.
            ValidationError: a manifest can't be read, so what it pins is not known.
        """
        with s3_errors("the training sets' manifests"):
            return self._by_table(not_before_micros)

    def _by_table(self, not_before_micros: int) -> dict[tuple[str, str], set[int]]:
        pinned: dict[tuple[str, str], set[int]] = defaultdict(set)
        root = training_sets_at(self.bucket)
        for name in self.objects.folders(root):
            document = self.objects.read(f"{root}{name}/{MANIFEST}")
            if document is None:  # a set in the making, or one that failed
                continue
            created_at, tables = pinned_by(document)
            if _micros(created_at) < not_before_micros:
                continue
            for database, table, snapshot in tables:
                pinned[database, table].add(snapshot)
        return pinned


def _micros(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp() * 1_000_000)
