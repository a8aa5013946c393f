"""Keeping an offline table healthy: what is merged, which snapshots stay. The rules are pure.

Small files cost every query, and every snapshot lengthens the metadata that each commit rewrites.
So small files are merged, snapshots are thinned out with age, and files that nothing names any more
are removed. None of it changes a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.groups.feature_group import FeatureGroup
from larder.offline.ports import Remaining

HOUR_MILLIS = 3_600_000
DAY_MILLIS = 24 * HOUR_MILLIS


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepRules:
    """How an offline table is kept.

    Attributes:
        merged_bytes: files are merged up to this size; one of half of it or more is left alone.
        min_files: fewer small files than this in a partition are not worth a commit.
        settled_minutes: files with rows accepted later than that ago are left alone. So the look
            for duplicates before each commit meets small files only.
        full_hours: every snapshot younger than this stays: a query may be reading it.
        snapshot_days: of older ones the last of each hour stays, this long.
        pinned_days: a snapshot that a training set was made of stays this long.
        orphan_hours: files that nothing names are removed when they are older than this; a younger
            one may belong to a commit under way.
    """

    merged_bytes: int = 64 << 20
    min_files: int = 5
    settled_minutes: int = 60
    full_hours: int = 4
    snapshot_days: int = 7
    pinned_days: int = 400
    orphan_hours: int = 72


@dataclass(frozen=True, slots=True)
class Upkept:
    """What was done for one table: files merged and what became of them, snapshots, files gone."""

    merged: int = 0
    made: int = 0
    snapshots: int = 0
    removed: int = 0


class TableUpkeep(Protocol):
    """Does the work on one group's table; raises as ``larder.offline.ports.OfflineTables``.

    A format may have no use for some of it.
    """

    def keep(
        self, group: FeatureGroup, rules: UpkeepRules, pinned: Collection[int], remaining: Remaining
    ) -> Upkept:
        """Merge, expire and remove as the rules say; stops early where the time runs out.

        ``pinned`` are ids of snapshots that must stay. It may be stopped anywhere and begun again,
        and may run beside writers and beside itself.
        """


def merged_run(sizes: Sequence[int], rules: UpkeepRules) -> slice:
    """Which of a partition's small files, by ascending size, are merged into one; may be empty.

    A file joins where it is no larger than twice what is gathered before it. So how often a row is
    rewritten grows with the logarithm of its partition's size.
    """
    for start in range(len(sizes) - rules.min_files + 1):
        end, total = start + 1, sizes[start]
        while (
            end < len(sizes)
            and sizes[end] <= 2 * total
            and total + sizes[end] <= rules.merged_bytes
        ):
            total += sizes[end]
            end += 1
        if end - start >= rules.min_files:
            return slice(start, end)
    return slice(0, 0)


def expired(
    snapshots: Iterable[tuple[int, int]],
    rules: UpkeepRules,
    pinned: Collection[int],
    now_millis: int,
) -> list[int]:
    """Which of the snapshots, given as (id, milliseconds since the epoch), are to go."""
    last_of_hour: dict[int, int] = {}
    gone: list[int] = []
    for snapshot, when in sorted(snapshots, key=lambda each: each[1]):
        age = now_millis - when
        if age < rules.full_hours * HOUR_MILLIS or snapshot in pinned:
            continue
        if age >= rules.snapshot_days * DAY_MILLIS:
            gone.append(snapshot)
            continue
        hour = when // HOUR_MILLIS
        if hour in last_of_hour:
            gone.append(last_of_hour[hour])
        last_of_hour[hour] = snapshot
    return gone
