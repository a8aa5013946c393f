"""What other writers have staged, for one writer who commits their rows along with its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock

from larder.groups.feature_group import FeatureGroup
from larder.offline.turns import Staged, StagedBatch, StagedRows, Waiting

MOST_ROWS = 50_000
"""Rows that one commit takes, so that its memory is bounded."""
MOST_BYTES = 128 * 2**20
"""Of others' batches that one writer keeps in memory; what is more is left to other writers."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One batch's rows for a table."""

    key: str
    staged: Staged


@dataclass(slots=True)
class OthersRows:
    """Others' batches, each read once however many tables it has rows for."""

    staged: StagedRows
    _read: dict[str, StagedBatch | None] = field(default_factory=dict)
    _bytes: int = 0
    _waiting: Sequence[Waiting] | None = None
    _lock: Lock = field(default_factory=Lock)

    def look_again(self) -> None:
        """Let the next question be answered by a new look."""
        self._waiting = None

    def waiting(self) -> Sequence[Waiting]:
        """All batches that wait, the writer's own among them."""
        with self._lock:
            if self._waiting is None:
                self._waiting = self.staged.waiting()
            return self._waiting

    def of(
        self, group: FeatureGroup, waiting: Sequence[Waiting], room: int, but: Collection[str]
    ) -> Iterator[Taken]:
        """Rows for a group's table from batches whose key is not in ``but``, up to ``room`` rows.

        Those made by a schema that the group does not have yet are left to a writer who knows it.
        """
        for each in waiting:
            found = None if each.key in but else self._rows(each, group.uid)
            if found is None or found.schema_version > group.schema_version:
                continue
            room -= len(found.rows)
            if room < 0:
                return
            yield Taken(each.key, found)

    def _rows(self, batch: Waiting, uid: str) -> Staged | None:
        with self._lock:  # many tables ask for one batch at the same time
            if batch.key not in self._read:
                if self._bytes + batch.size > MOST_BYTES:
                    return None
                self._read[batch.key] = self.staged.read(batch.key)
                self._bytes += batch.size
            read = self._read[batch.key]
        return read.rows_of(uid) if read else None
