"""The in-memory tier filled from DynamoDB before it is asked.

What is filled is what a strongly consistent read has just found, as when a reader misses. So
warming can no more serve what DynamoDB does not hold than reading can. The history alone would not
do: it is behind by up to a minute, and does not know writes to the online store alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from larder.groups.feature_group import FeatureGroup
from larder.memory.tier import MemoryTier
from larder.progress import Progress, Report
from larder.records.codec import unpack
from larder.records.ports import RecordPages
from larder.records.record import RecordVersion, Slot
from larder.records.values import slot_of

_PAGE = 250


@dataclass(frozen=True, slots=True)
class Warmed:
    """What came of it: records read, and those of batches that Valkey did not take whole."""

    group: str
    records: int
    unanswered: int


def warm(store: RecordPages, tier: MemoryTier, group: FeatureGroup, report: Report) -> Warmed:
    """Fill the tier with a group's records; those that have expired or were deleted stay out.

    Raises:
        ThrottlingException, ServiceUnavailable: DynamoDB did not give them.
    """
    start, records, missed = time.monotonic(), 0, 0
    for shard in range(group.shards):
        after: str | None = None
        while True:
            began_ms = tier.now_ms()
            page = store.shard(group.uid, shard, after=after, limit=_PAGE)
            versions = dict(_visible(group, (version for _, version in page.entries)))
            records += len(versions)
            if not tier.fill(versions, began_ms=began_ms):
                missed += len(versions)
            seconds, share = time.monotonic() - start, (shard + 1) / group.shards
            report(Progress("warm", seconds=seconds, rows=records, fraction=share))
            if page.last is None:
                break
            after = page.last
    return Warmed(group.name, records, missed)


def _visible(
    group: FeatureGroup, versions: Iterator[RecordVersion]
) -> Iterator[tuple[Slot, RecordVersion]]:
    ordinal, now = group.ordinals[group.record_identifier_name], time.time_ns()
    for version in versions:
        identifier = unpack(version.packed)[ordinal]
        if isinstance(identifier, str) and version.is_visible(now):
            yield slot_of(group, identifier), version
