"""What happens to a feature group after the API has answered: made, changed, or gone.

The registry is the outbox: a group's own document says what is still to be done (``Creating``,
``Deleting``, or an update ``InProgress``). Every step may be taken twice. The last step of each is
the conditional write that says so. Offline data and Glue table of a deleted group stay (AWS,
DeleteFeatureGroup).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from larder.errors import AccessForbidden, NewerFormat, ResourceInUse, ResourceNotFound
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus, UpdateStatus
from larder.groups.locations import overlaps
from larder.groups.ports import Registry
from larder.offline.ports import OfflineTables, Remaining, TableUnusable

_PATIENCE_MICROS = 300_000_000
"""How long a refused access may be a role's policy that has yet to spread."""


class RecordPurge(Protocol):
    """Removes the records of a group from the online store."""

    def purge(self, group: FeatureGroup, *, remaining: Remaining) -> bool:
        """Remove what there is; whether all is gone (``False``: the time ran out, call again).

        Raises:
            ThrottlingException, ServiceUnavailable: the store did not take it; call again.
            AccessForbidden: the store refused.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Takes groups to where their documents say they are going.

    ``bucket`` is the platform's own. ``clock`` gives microseconds since the epoch.
    ``group_cache_seconds`` is the lifetime of cached settings: records of a ``Deleting`` group are
    purged only after twice that long, when nothing can still write any.
    """

    registry: Registry
    tables: OfflineTables
    records: RecordPurge
    group_cache_seconds: float
    bucket: str
    clock: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep

    def advance(self, name: str, *, remaining: Remaining) -> bool:
        """Do what is to be done for the group of that name; whether nothing is left.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: try again later.
        """
        while remaining() > 0:
            group = self.registry.get(name)
            if group is None or not has_work(group):
                return True
            try:
                return self._step(group, remaining)
            except (ResourceInUse, ResourceNotFound):
                continue  # its document has changed meanwhile: look what it says now
        return False

    def unfinished(self) -> list[str]:
        """Names of the groups with work to do, as far as the registry's listing shows."""
        return [group.name for group in self.registry.list() if has_work(group)]

    def unread(self) -> list[str]:
        """A sentence on each group that a newer release wrote: its work waits for an upgrade."""
        errors: list[NewerFormat] = []
        for _ in self.registry.list(errors.append):
            pass
        return [str(error) for error in errors]

    def overlaps(self) -> list[str]:
        """A sentence on each group whose offline files lie where they must not."""
        return list(overlaps(self.registry.list(), self.bucket))

    def repair_listings(self, *, remaining: Remaining, once: bool = False) -> int:
        """See ``Registry.repair``."""
        return self.registry.repair(remaining=remaining, once=once)

    def _step(self, group: FeatureGroup, remaining: Remaining) -> bool:
        if group.status is FeatureGroupStatus.DELETING:
            return self._delete(group, remaining)
        creating = group.status is FeatureGroupStatus.CREATING
        try:
            if group.offline is not None and creating:
                self.tables.create(group)
            elif group.offline is not None:
                self.tables.evolve(group, remaining=remaining)
        except (TableUnusable, AccessForbidden) as error:
            self._give_up(group, error)
        else:
            self.registry.replace(_created(group) if creating else _updated(group))
        return True

    def _delete(self, group: FeatureGroup, remaining: Remaining) -> bool:
        safe_at = group.last_modified_time + 2_000_000 * self.group_cache_seconds
        pause = (safe_at - self.clock()) / 1_000_000
        if pause > 0:
            if pause > remaining():
                return False
            self.sleep(pause)
        try:
            if not self.records.purge(group, remaining=remaining):
                return False
        except AccessForbidden as error:
            self._give_up(group, error)
            return True
        self.registry.remove(group)
        return True

    def _give_up(self, group: FeatureGroup, error: TableUnusable | AccessForbidden) -> None:
        age = self.clock() - group.last_modified_time
        if isinstance(error, AccessForbidden) and age < _PATIENCE_MICROS:
            raise error
        self.registry.replace(_failed(group, str(error)))


def has_work(group: FeatureGroup) -> bool:
    """Whether the group's document asks for something to be done."""
    in_progress = group.last_update is UpdateStatus.IN_PROGRESS
    return group.status in {FeatureGroupStatus.CREATING, FeatureGroupStatus.DELETING} or (
        group.status is FeatureGroupStatus.CREATED and in_progress
    )


def _created(group: FeatureGroup) -> FeatureGroup:
    return replace(group, status=FeatureGroupStatus.CREATED, failure_reason=None)


def _updated(group: FeatureGroup) -> FeatureGroup:
    return replace(group, last_update=UpdateStatus.SUCCESSFUL, last_update_failure=None)


def _failed(group: FeatureGroup, reason: str) -> FeatureGroup:
    if group.status is FeatureGroupStatus.CREATING:
        return replace(group, status=FeatureGroupStatus.CREATE_FAILED, failure_reason=reason)
    if group.status is FeatureGroupStatus.DELETING:
        return replace(group, status=FeatureGroupStatus.DELETE_FAILED, failure_reason=reason)
    return replace(group, last_update=UpdateStatus.FAILED, last_update_failure=reason)
