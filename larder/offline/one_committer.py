"""One committer at a time for each offline table, who commits for all that wait.

A commit to a table is refused where another one has come between, and is tried again from the
start. Many writers (one for each shard) may have rows for the same tables. Most of their work is
then thrown away, and the time grows faster than their number. Here a writer first takes the
table's lease (``larder.offline.turns``). Writers that do not get it stage their rows. The next of
these that gets the lease commits the staged rows of all, at once (``larder.offline.shared_batch``).

The rows are right without lease and staging. ``OfflineTables.append`` writes each key once, by any
writer, however often and beside others. A lease that ran out costs a refused commit. Staged rows of
a writer that died are committed by another, or expire: its batch is delivered again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from larder.backoff import Backoff
from larder.groups.feature_group import FeatureGroup
from larder.offline.ports import Appended, OfflineTables, Remaining, TableRows
from larder.offline.rows import OfflineRow
from larder.offline.shared_batch import Committing, SharedBatch
from larder.offline.turns import Leases, StagedRows


@dataclass(frozen=True, slots=True)
class OneCommitter:
    """Implements ``OfflineTables`` and ``BatchTables`` over the tables themselves.

    ``new_id`` gives unique texts. ``at_once`` tables are written at the same time: a commit waits
    for storage and catalog nearly all its time.
    """

    tables: OfflineTables
    leases: Leases
    staged: StagedRows
    new_id: Callable[[], str]
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.25, longest=2.0))
    at_once: int = 16

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
        (done,) = self.append_all([TableRows(group, rows)], remaining=remaining)
        if isinstance(done, Exception):
            raise done
        return done

    def append_all(
        self, batch: Sequence[TableRows], *, remaining: Remaining
    ) -> Sequence[Appended | Exception]:
        """See the port."""
        ports = Committing(self.tables, self.leases, self.staged, self.backoff, self.at_once)
        return SharedBatch(ports, batch, self.new_id(), remaining).run()
