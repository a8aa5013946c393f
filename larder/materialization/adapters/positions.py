"""How far each group was brought online, on S3: ``materialize/positions/<group uid>.json``.

A position that is too early costs time and no rows. So of two runs at once either may write last.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from larder.aws.s3_objects import Objects
from larder.bucket_folders import MATERIALIZE
from larder.formats import MEMBER, Format
from larder.groups.feature_group import FeatureGroup

_FORMAT = Format("materialize-position")


@dataclass(frozen=True, slots=True)
class S3Positions:
    """Implements ``larder.materialization.materialize.Positions`` in the platform's bucket."""

    objects: Objects
    bucket: str

    def of(self, group: FeatureGroup) -> int | None:
        """See the port; raises ``NewerFormat`` where a newer release has noted it."""
        address = self._address(group)
        document = self.objects.read(address)
        if document is None:
            return None
        found = orjson.loads(document)
        _FORMAT.check(address, found.get(MEMBER))
        snapshot = found["snapshot_id"]
        return None if snapshot is None else int(snapshot)

    def note(self, group: FeatureGroup, snapshot_id: int | None) -> None:
        self.objects.write(self._address(group), orjson.dumps({"snapshot_id": snapshot_id}))

    def _address(self, group: FeatureGroup) -> str:
        return f"s3://{self.bucket}/{MATERIALIZE}positions/{group.uid}.json"
