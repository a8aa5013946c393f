"""One committer at a time for each offline table, who commits for all that wait.

A commit to a table is refused where another one has come between, and is tried again from the
start. Many writers (one for each shard) may have rows for one table. Most of their work is then
thrown away, and the time grows faster than their number. Here a writer first takes the table's
*lease*. A writer that does not get it *stages* its rows, and waits. The next of these that gets the
lease commits the staged rows of all, at once.

The rows are right without lease and staging. ``OfflineTables.append`` writes each key once, by any
writer, however often and beside others. A lease that ran out costs a refused commit. Staged rows of
a writer that died are committed by the next that waits, or expire: its batch is delivered again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from larder.backoff import Backoff
from larder.errors import AccessForbidden, ServiceUnavailable, ThrottlingException
from larder.groups.feature_group import FeatureGroup
from larder.offline.ports import Appended, OfflineTables, Remaining
from larder.offline.rows import OfflineRow

LEASE_SECONDS = 20.0
"""How long a lease holds where its owner died: several times what a commit takes, and a third of
the promised minute."""
MOST_ROWS = 50_000
"""Staged rows that one commit takes, so that its memory is bounded."""
_AWAY = (ServiceUnavailable, ThrottlingException, AccessForbidden)


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows that a writer has set aside until they are committed.

    ``schema_version`` is that of the group by which they were made.
    """

    key: str
    schema_version: int
    rows: Sequence[OfflineRow]


class Leases(Protocol):
    """Who may commit to a table now. Methods raise as stores do."""

    def take(self, uid: str, owner: str, *, seconds: float) -> bool:
        """Take the lease of the table of the group of that uid; whether ``owner`` has it now."""

    def release(self, uid: str, owner: str) -> None:
        """Give the lease back; nothing happens where another has taken it since."""


class StagedRows(Protocol):
    """Rows that wait to be committed. Methods raise as stores do."""

    def put(self, group: FeatureGroup, rows: Sequence[OfflineRow]) -> str:
        """Stage rows of a group; their key."""

    def is_waiting(self, key: str) -> bool:
        """Whether the rows of that key are still to be committed."""

    def of(self, group: FeatureGroup) -> Iterator[Staged]:
        """Everything staged for a group, oldest first, read as it is asked for."""

    def remove(self, keys: Collection[str]) -> None:
        """Remove what was committed, for good."""


@dataclass(frozen=True, slots=True)
class OneCommitter:
    """Implements ``OfflineTables`` over the tables themselves; ``new_id`` gives unique texts."""

    tables: OfflineTables
    leases: Leases
    staged: StagedRows
    new_id: Callable[[], str]
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.25, longest=2.0))

    def create(self, group: FeatureGroup) -> None:
        """See the port."""
        self.tables.create(group)

    def evolve(self, group: FeatureGroup, *, remaining: Remaining) -> None:
        """See the port."""
        self.tables.evolve(group, remaining=remaining)

    def append(
        self, group: FeatureGroup, rows: Sequence[OfflineRow], *, remaining: Remaining
    ) -> Appended:
        """See the port; rows that another writer committed count as its own there, not here."""
        owner = self.new_id()
        if not self._is_taken_by_another(group, owner):
            with self.released(group, owner):
                return self.tables.append(group, rows, remaining=remaining)
        try:
            key = self.staged.put(group, rows)
        except _AWAY:  # without staging many commit side by side, as best they can
            return self.tables.append(group, rows, remaining=remaining)
        return _Waiting(self, group, rows, owner, key, remaining).until_committed()

    def _is_taken_by_another(self, group: FeatureGroup, owner: str) -> bool:
        """Whether to wait; a lease that can't be asked for is free."""
        try:
            return not self.leases.take(group.uid, owner, seconds=LEASE_SECONDS)
        except _AWAY:
            return False

    @contextmanager
    def released(self, group: FeatureGroup, owner: str) -> Iterator[None]:
        """Give the lease back in the end; one that can't be given back runs out by itself."""
        try:
            yield
        finally:
            with suppress(*_AWAY):
                self.leases.release(group.uid, owner)


@dataclass(slots=True)
class _Waiting:
    """A writer's rows, staged under ``key``, until they are committed by it or by another."""

    by: OneCommitter
    group: FeatureGroup
    rows: Sequence[OfflineRow]
    owner: str
    key: str
    remaining: Remaining
    done: Appended | None = None

    def until_committed(self) -> Appended:
        self.by.backoff.until(self._is_committed, remaining=self.remaining)
        if self.done is None:
            store = self.group.offline
            name = f"{store.database}.{store.table}" if store else self.group.name
            raise ServiceUnavailable(
                f"the offline table {name} could not be written in time: other writers have it"
            )
        return self.done

    def _is_committed(self) -> bool:
        try:
            if not self.by.staged.is_waiting(self.key):
                self.done = Appended(0, 0, None, by_others=len(self.rows))
                return True
            if not self.by.leases.take(self.group.uid, self.owner, seconds=LEASE_SECONDS):
                return False
            others = list(self._others())
        except _AWAY:
            return False
        with self.by.released(self.group, self.owner):
            self.done = self._commit(others)
        return True

    def _commit(self, others: Sequence[Staged]) -> Appended:
        try:
            done = self._append([*self.rows, *(row for each in others for row in each.rows)])
        except _AWAY:
            raise
        except Exception:  # what others staged may be at fault: that is theirs
            if not others:
                raise
            others, done = (), self._append(self.rows)
        with suppress(*_AWAY):  # what stays is committed again, and found in the table
            self.by.staged.remove([self.key, *(each.key for each in others)])
        return done

    def _others(self) -> Iterator[Staged]:
        """What others have staged by schemas that this writer knows."""
        room = MOST_ROWS - len(self.rows)
        for each in self.by.staged.of(self.group):
            if each.key == self.key or each.schema_version > self.group.schema_version:
                continue
            room -= len(each.rows)
            if room < 0:
                return
            yield each

    def _append(self, rows: Sequence[OfflineRow]) -> Appended:
        return self.by.tables.append(self.group, rows, remaining=self.remaining)
