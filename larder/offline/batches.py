"""A batch's changes, gathered by group: what becomes one commit, or is parked together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from larder.groups.feature_group import FeatureGroup
from larder.offline.rows import Due, OfflineRow, StreamChange, rows_due


@dataclass(slots=True)
class Owed:
    """One group's changes of a batch that need rows.

    ``first`` is the position of the first of them among the batch's changes.
    """

    uid: str
    first: int
    changes: list[StreamChange] = field(default_factory=list)

    @property
    def schema_version(self) -> int:
        """The newest schema that any of the records was packed by."""
        due = (each for change in self.changes for each in rows_due(change))
        return max(each.version.schema_version for each in due)


@dataclass(slots=True)
class GroupRows:
    """One group's rows of a batch; ``write_times`` are those of accepted writes alone."""

    group: FeatureGroup
    owed: Owed
    rows: list[OfflineRow] = field(default_factory=list)
    write_times: list[int] = field(default_factory=list)

    def add(self, change: StreamChange, due: Sequence[Due], rows: Sequence[OfflineRow]) -> None:
        """Add one change and its rows."""
        self.owed.changes.append(change)
        self.rows.extend(rows)
        self.write_times.extend(each.version.write_time for each in due if not each.expiry)
