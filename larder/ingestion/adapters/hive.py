"""Rows in bulk into tables of format Glue, each row of a run exactly once.

The table's slot (``larder.offline.adapters.hive.commits``) keeps a mark per unfinished run: how far
the run is. A commit replaces the slot, so its rows and the mark are one step. It is refused where
another commit has come between, and then the mark is read again.

Files are hourly, so rows of many hours are as many files. A commit takes rows of a limited number
of hours. The next writer may have to write its files, in the time that a function has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io import FileIO

from larder.event_time import EventTimeType
from larder.formats import Format
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.ingestion.adapters.rows import ROW
from larder.ingestion.adapters.run_rows import not_erased, table_rows
from larder.ingestion.ports import Run
from larder.offline.adapters.arrow import column_name
from larder.offline.adapters.hive.commits import Notes, Overtaken, S3Slots, Slot
from larder.offline.adapters.hive.files import HiveFiles, to_parquet
from larder.offline.adapters.hive.schema import file_schema
from larder.offline.adapters.settling import Settling

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Arrow = Any  # pyarrow is untyped
_FORMAT = Format("hive-run-mark")
_SECONDS = 300.0
_DONE = "done "
_KEEP_SECONDS = 7 * 86_400
_HOUR_SECONDS = 3600
MOST_HOURS = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a run is in its table.

    Rows before ``base`` are there. Of those from there up to ``until``, the rows are there whose
    hour is ``hour`` or an earlier one.
    """

    base: int = 0
    until: int = 0
    hour: str = ""

    @classmethod
    def parse(cls, text: str) -> Mark:
        """The mark in a text that ``str`` made.

        Raises:
            NewerFormat: a newer release has written it.
        """
        _FORMAT.check_text("a run's mark in the slot of a table of format Glue", text)
        base, until, hour = text.split(" ", 2)
        return cls(int(base), int(until), hour)

    def __str__(self) -> str:
        """The text that the slot keeps."""
        return f"{self.base} {self.until} {self.hour}"


@dataclass(slots=True)
class HiveBulk:
    """Implements ``larder.ingestion.ports.BulkTables``.

    ``seconds`` bound the tries of one commit.
    """

    client: S3Client
    io: FileIO
    settling: Settling = field(default_factory=lambda: Settling(Overtaken))
    seconds: float = _SECONDS
    clock: Callable[[], float] = time.time
    _slots: S3Slots = field(init=False)
    _files: HiveFiles = field(init=False)

    def __post_init__(self) -> None:
        """Build the parts, which share the client."""
        self._slots = S3Slots(self.client)
        self._files = HiveFiles(self.client, self.io)

    def append_run(self, group: FeatureGroup, run: Run, rows: Sequence[Arrow], until: int) -> int:
        store, table, written = _offline(group), pa.concat_tables(rows).combine_chunks(), 0
        hours = _hours(group, table)

        def commit() -> tuple[int, Slot | None] | None:
            return self._part(group, store, run, (table, hours), until)

        while (done := self._settle(store, commit)) is not None:
            count, slot = done
            written += count
            if slot is not None:
                self._settle(store, partial(self._publish, group, store, slot))
        return written

    def end_run(self, group: FeatureGroup, run: Run) -> None:
        store = _offline(group)

        def attempt() -> None:
            slot, now = self._complete(group, store), int(self.clock())
            kept = {id: mark for id, mark in slot.notes.runs.items() if not _is_old(mark, now)}
            notes = replace(slot.notes, runs={**kept, run.id: f"{_DONE}{now}"})
            self._slots.replace(group, store, slot, b"", notes)

        self._settle(store, attempt)

    def _part(
        self,
        group: FeatureGroup,
        store: OfflineStore,
        run: Run,
        given: tuple[Arrow, Arrow],
        until: int,
    ) -> tuple[int, Slot | None] | None:
        """Commit rows of some more hours: how many, and the slot whose files are to be written.

        ``None`` where all rows are there.
        """
        slot = self._complete(group, store)
        text = slot.notes.runs.get(run.id, str(Mark()))
        if text.startswith(_DONE) or (mark := Mark.parse(text)).base >= until:
            return None
        part, now = _first_hours(*_missing(*given, mark), mark, until)
        part = not_erased(group, run, part, slot.notes.erased)
        notes = replace(slot.notes, runs={**slot.notes.runs, run.id: str(now)})
        if not len(part):
            self._slots.replace(group, store, slot, b"", notes)
            return 0, None
        body = to_parquet(_sorted(group, table_rows(file_schema(group), group, run, part)))
        return len(part), self._slots.replace(group, store, slot, body, notes)

    def _complete(self, group: FeatureGroup, store: OfflineStore) -> Slot:
        """The table's slot, the files of whose last commit are all there."""
        slot = self._slots.read(group, store)
        if slot is None:
            return self._slots.replace(group, store, None, b"", Notes())
        if slot.rows:
            self._files.publish(group, store, slot)
        return slot

    def _publish(self, group: FeatureGroup, store: OfflineStore, slot: Slot) -> None:
        """Write the files of a commit."""
        self._files.publish(group, store, slot)
        try:
            self._slots.replace(group, store, slot)
        except Overtaken:  # the next writer has found the files, or written them
            return

    def _settle(self, store: OfflineStore, attempt: Callable[[], Any]) -> Any:  # noqa: ANN401
        end = time.monotonic() + self.seconds
        return self.settling.until_settled(store.location, attempt, lambda: end - time.monotonic())


def _offline(group: FeatureGroup) -> OfflineStore:
    if group.offline is None:
        raise ValueError(f"feature group {group.name} has no offline store")
    return group.offline


def _is_old(mark: str, now: int) -> bool:
    return mark.startswith(_DONE) and now - int(mark.removeprefix(_DONE)) > _KEEP_SECONDS


def _hours(group: FeatureGroup, rows: Arrow) -> Arrow:
    """The hour of each row's event time, as text that sorts.

    Of doubles next to the full hour it may be the neighbouring one: it only says what is committed
    together.
    """
    column = rows.column(f"f{group.ordinals[group.event_time_name]}").combine_chunks()
    if group.event_time_type is EventTimeType.STRING:
        return pc.utf8_slice_codeunits(column, 0, 13)
    hours = pc.cast(pc.floor(pc.divide(column, float(_HOUR_SECONDS))), pa.int64(), safe=False)
    return pc.utf8_lpad(pc.cast(pc.add(hours, 1 << 40), pa.string()), 16, "0")


def _missing(rows: Arrow, hours: Arrow, mark: Mark) -> tuple[Arrow, Arrow]:
    """The rows that a mark does not say to be there, with their hours."""
    number = rows.column(ROW)
    there = pc.and_(pc.less(number, mark.until), pc.less_equal(hours, mark.hour))
    wanted = pc.and_(pc.greater_equal(number, mark.base), pc.invert(there))
    return rows.filter(wanted), hours.filter(wanted)


def _first_hours(rows: Arrow, hours: Arrow, mark: Mark, until: int) -> tuple[Arrow, Mark]:
    """As many of the rows as a commit takes, and how far the run is then."""
    every = sorted(hours.unique().to_pylist())
    if len(every) <= MOST_HOURS:
        return rows, Mark(until)
    last = every[MOST_HOURS - 1]
    return rows.filter(pc.less_equal(hours, last)), Mark(mark.base, until, last)


def _sorted(group: FeatureGroup, rows: Arrow) -> Arrow:
    names = (group.record_identifier_name, group.event_time_name)
    return rows.sort_by([(column_name(name), "ascending") for name in (*names, "write_time")])
