"""The scheduled round over all offline tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from larder.errors import (
    AccessForbidden,
    LarderError,
    NewerFormat,
    ServiceUnavailable,
    ThrottlingException,
)
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus
from larder.groups.locations import overlaps
from larder.groups.ports import Registry
from larder.jitter import shuffle
from larder.offline.ports import Remaining, TableUnusable
from larder.offline.unexpected import Unexpected
from larder.offline.upkeep import TableUpkeep, UpkeepRules, Upkept

_LEAST_SECONDS = 10.0
_TABLE_FAILURES = (ServiceUnavailable, ThrottlingException, AccessForbidden, TableUnusable)


class PinnedSnapshots(Protocol):
    """Snapshots that training sets were made of."""

    def by_table(self, not_before_micros: int) -> Mapping[tuple[str, str], Collection[int]]:
        """Their ids by (database, table), of the sets made at that time or later."""


@dataclass(slots=True)
class Round:
    """What a round did, by group; why a group was not done; and which the time did not reach.

    ``overlaps`` has a sentence on each group whose files lie where they must not.
    """

    done: dict[str, Upkept] = field(default_factory=dict)
    failed: dict[str, LarderError] = field(default_factory=dict)
    unreached: list[str] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Keeps every group's offline table, in the platform's ``bucket`` and in others.

    ``clock`` gives microseconds since the epoch.

    Groups come in a new order each round, so that where the time is short each has its turn.
    """

    registry: Registry
    tables: TableUpkeep
    pinned: PinnedSnapshots
    rules: UpkeepRules
    clock: Callable[[], int]
    bucket: str
    shuffle: Callable[[list[FeatureGroup]], None] = shuffle

    def run(self, *, remaining: Remaining, only: Collection[str] = ()) -> Round:
        """Do one round over all groups, or those named; one table's failure stops no other.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: the registry or the training
                sets could not be read, so it is not known what must stay; nothing was done.
        """
        rules = self.rules
        oldest = self.clock() - rules.pinned_days * 86_400_000_000
        pinned = self.pinned.by_table(oldest)
        unread: list[NewerFormat] = []
        every = list(self.registry.list(unread.append))
        groups = [group for group in every if _is_kept(group, only)]
        self.shuffle(groups)
        done = Round(overlaps=list(overlaps(every, self.bucket)))
        done.failed |= {f"a newer group ({number})": error for number, error in enumerate(unread)}
        for group in groups:
            if remaining() < _LEAST_SECONDS or group.offline is None:
                done.unreached.append(group.name)
                continue
            table = (group.offline.database, group.offline.table)
            try:
                kept = self.tables.keep(group, rules, pinned.get(table, ()), remaining)
                done.done[group.name] = kept
            except _TABLE_FAILURES as error:
                done.failed[group.name] = error
            except Exception as error:
                unexpected = Unexpected(f"the maintenance of group {group.name}", error)
                done.failed[group.name] = TableUnusable(unexpected.cause)  # may not show a cell
        return done


def _is_kept(group: FeatureGroup, only: Collection[str]) -> bool:
    store = group.offline
    return (
        store is not None
        and group.status is FeatureGroupStatus.CREATED
        and (not only or group.name in only)
    )
