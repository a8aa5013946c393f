"""A batch's rows, gathered by group: what becomes one commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from larder.groups.feature_group import FeatureGroup
from larder.offline.rows import Due, OfflineRow, StreamChange


@dataclass(slots=True)
class GroupRows:
    """One group's rows of a batch.

    ``first`` is the position of the first change among the batch's, ``write_times`` are those of
    accepted writes: of expiries none.
    """

    group: FeatureGroup
    first: int
    changes: list[StreamChange] = field(default_factory=list)
    rows: list[OfflineRow] = field(default_factory=list)
    write_times: list[int] = field(default_factory=list)

    def add(self, change: StreamChange, due: Sequence[Due], rows: Sequence[OfflineRow]) -> None:
        """Take in one change and the rows that it owes."""
        self.changes.append(change)
        self.rows.extend(rows)
        self.write_times.extend(each.version.write_time for each in due if not each.expiry)
