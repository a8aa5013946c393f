"""Offline tables of format Glue: hive-partitioned Parquet where SageMaker has it.

Exactly once by content, as in Iceberg: a commit starts from a slot whose rows are all in files. It
drops the rows whose keys those files hold. It is refused if another commit has come between. Rows
of an identifier that was erased are dropped likewise, by the marks that the slot keeps. Glue's
table is a view of the files: writing needs none. So a group whose owner keeps the table, or has
none, is written all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from pyiceberg.io import FileIO

from larder.backoff import Backoff
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.offline.adapters.arrow import sorted_unique
from larder.offline.adapters.hive.catalog import complete_table, create_table
from larder.offline.adapters.hive.commits import Overtaken, S3Slots, Slot
from larder.offline.adapters.hive.files import HiveFiles, commit_of
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.adapters.settling import Settling
from larder.offline.erased_marks import Marks
from larder.offline.hive_layout import hour_folder
from larder.offline.ports import Appended, Remaining
from larder.offline.rows import OfflineRow

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client

_MOST_HOURS = 200
"""Folders that one commit writes to, so that history that is filled in can be written piecewise."""


@dataclass(slots=True)
class HiveTables:
    """Implements ``larder.offline.ports.OfflineTables``."""

    client: S3Client
    glue: GlueClient
    io: InitVar[FileIO]
    sleep: InitVar[Callable[[float], None]] = time.sleep
    _slots: S3Slots = field(init=False)
    _files: HiveFiles = field(init=False)
    _settling: Settling = field(init=False)

    def __post_init__(self, io: FileIO, sleep: Callable[[float], None]) -> None:
        """Build the parts, which share the clients."""
        self._slots = S3Slots(self.client)
        self._files = HiveFiles(self.client, io)
        self._settling = Settling(Overtaken, Backoff(sleep=sleep))

    def create(self, group: FeatureGroup) -> None:
        """See the port; the location is taken too, so that no other group can write there."""
        store = _offline(group)
        with translated_errors(_name(store)):
            try:
                if self._slots.read(group, store) is None:
                    self._slots.replace(group, store, None)
            except Overtaken:  # a moment ago
                self._slots.read(group, store)
            if not store.disable_glue_table_creation:
                create_table(self.glue, group, store)

    def evolve(self, group: FeatureGroup, *, remaining: Remaining) -> None:
        """See the port; a table that its owner brought is left alone."""
        store = _offline(group)
        if store.disable_glue_table_creation:
            return
        self._settling.until_settled(
            _name(store), lambda: complete_table(self.glue, group, store), remaining
        )

    def append(
        self, group: FeatureGroup, rows: Sequence[OfflineRow], *, remaining: Remaining
    ) -> Appended:
        store, fresh = _offline(group), 0
        for part in _parts(list(sorted_unique(rows))):

            def commit(part: Sequence[OfflineRow] = part) -> tuple[int, Slot | None]:
                return self._commit(group, store, part)

            count, slot = self._settling.until_settled(_name(store), commit, remaining)
            fresh += count
            if slot is not None:
                self._complete(group, store, slot, remaining)
        return Appended(fresh, len(rows) - fresh, None)

    def _commit(
        self, group: FeatureGroup, store: OfflineStore, rows: Sequence[OfflineRow]
    ) -> tuple[int, Slot | None]:
        slot = self._slots.read(group, store)
        if slot is not None and slot.rows:
            self._files.publish(group, store, slot)
        known = self._files.existing_keys(group, store, rows)
        erased = slot.notes.erased if slot is not None else Marks()
        fresh = [row for row in rows if row.key not in known and not erased.refuse(group.uid, row)]
        if not fresh:
            return 0, None
        return len(fresh), self._slots.replace(group, store, slot, commit_of(group, fresh))

    def _complete(
        self, group: FeatureGroup, store: OfflineStore, slot: Slot, remaining: Remaining
    ) -> None:
        def write() -> None:
            self._files.publish(group, store, slot)
            try:
                self._slots.replace(group, store, slot)
            except Overtaken:  # who came next has found the files, or written them
                return

        self._settling.until_settled(_name(store), write, remaining)


def _parts(rows: Sequence[OfflineRow]) -> Iterator[list[OfflineRow]]:
    """The rows by a limited number of hours each, in the order of their hours."""
    by_hour: dict[str, list[OfflineRow]] = {}
    for row in rows:
        by_hour.setdefault(hour_folder(row.event_time), []).append(row)
    hours = sorted(by_hour)
    for start in range(0, len(hours), _MOST_HOURS):
        chosen = hours[start : start + _MOST_HOURS]
        yield [row for hour in chosen for row in by_hour[hour]]


def _offline(group: FeatureGroup) -> OfflineStore:
    if group.offline is None:
        raise ValueError(f"feature group {group.name} has no offline store")
    return group.offline


def _name(store: OfflineStore) -> str:
    return f"{store.database}.{store.table}" if store.table else store.location
