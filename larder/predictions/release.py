"""What is handed to bulk ingestion: where the scores lie, and under which id they are taken in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from larder.pipelines.runs.items import IntervalItem, stamp
from larder.predictions.folders import Folders
from larder.predictions.pin import Pin
from larder.predictions.ports import Counts

SNAPSHOT, SPECIFICATION = "feature_snapshot", "specification_hash"
"""Columns of scores that say what they were made of; they are no features."""


@dataclass(frozen=True, slots=True)
class Released:
    """Rows to publish: ``left_out`` are columns that are no features of the group."""

    group: str
    folder: str
    run_id: str
    left_out: tuple[str, ...]


def released(
    item: IntervalItem, folders: Folders, pin: Pin, done: Mapping[int, Counts], *, again: bool
) -> Released:
    """What is to be published of the shards that are done.

    The id follows from their bytes: an attempt that was killed is gone on with by the next one.
    Rows that are scored again are taken in again.
    """
    seen = "\0".join(f"{shard} {done[shard].sha256}" for shard in sorted(done))
    digest = hashlib.sha256(seen.encode()).hexdigest()[:12]
    run = f"{item.pipeline}-r{item.revision}-{stamp(folders.as_of)}-{digest}"
    if again:
        run = f"{run}-{item.attempts}"
    return Released(pin.target.group, folders.scores, run, (SNAPSHOT, SPECIFICATION))
