"""What bulk ingestion needs of the world: the ports, and the values that pass through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from larder.groups.feature_group import FeatureGroup
from larder.records.record import RecordVersion, Slot

Arrow = Any  # a table of Arrow, whose library the core does not import
Batch = Any  # larder.tabular.batches.Batch, which holds such a table


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken.

    Attributes:
        row: its number in the whole source, from 0.
        reason: why it is not taken.
        record: what it held, as PutRecord would have been sent it.
        cure: what can be done about it.
        column: the source's column that is at fault, if it is one.
        value: what that column held.
        file: the address of the row's file; a frame has none.
        number: its number in that file, from 0 and without the header.
    """

    row: int
    reason: str
    record: Mapping[str, object]
    cure: str = ""
    column: str = ""
    value: object = None
    file: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One ingestion, under all its tries.

    ``first_write_time`` (microseconds) is that of row 0. ``online_after`` is the write time up to
    which versions are known to have been offered to the online store; ``None`` for none.
    ``outcome`` are the counts of a completed run.
    """

    id: str
    group_uid: str
    source: str
    first_write_time: int
    online_after: int | None = None
    outcome: Mapping[str, int] | None = None


class RowConverter(Protocol):
    """Batches of the source as rows of the group; see ``larder.ingestion.adapters.rows``."""

    @property
    def rows(self) -> int:
        """Rows of the source that were seen so far."""

    def convert(self, batch: Batch) -> tuple[Arrow, list[Reject]]:
        """The rows of the next batch that are taken, in order, and those that are not."""


class BulkSource(Protocol):
    """Rows to ingest, the same in the same order whenever they are read."""

    @property
    def fingerprint(self) -> str:
        """What tells this source from another, or from itself before it was changed."""

    def batches(self) -> Iterator[Batch]:
        """The rows, from the first on."""

    def fraction(self) -> float | None:
        """The share that was read so far, if it is known."""


class Rejects(Protocol):
    """Where rejected rows are written to."""

    @property
    def place(self) -> str:
        """That place, for people."""

    def add(self, rejects: Iterable[Reject]) -> None:
        """Write some more."""


class BulkTables(Protocol):
    """Offline tables that take rows in bulk, each row of a run exactly once.

    Raises as ``larder.offline.ports.OfflineTables`` does.
    """

    def append_run(self, group: FeatureGroup, run: Run, rows: Sequence[Arrow], until: int) -> int:
        """Write the rows of a run that come before row ``until`` and are not there yet.

        The rows and the mark that they are there become visible in one step. Returns how many
        were written now.
        """

    def end_run(self, group: FeatureGroup, run: Run) -> None:
        """Note that the run is done: nothing of it is written again, whatever process tries."""


class RunJournal(Protocol):
    """What is known of runs, from one try to the next."""

    def begin(self, run: Run) -> Run:
        """The run of that group and id as it was begun before, or else this one, now begun."""

    def note(self, run: Run) -> None:
        """Keep the run as it is now."""


class NewestVersions(Protocol):
    """The newest version of each record of a run, found by way of this machine's disk."""

    def add(self, rows: Sequence[Arrow]) -> None:
        """Consider some more rows."""

    def versions(self, after: int | None) -> Iterator[tuple[Slot, RecordVersion]]:
        """The newest version of each record, by write time, those after a write time only."""

    def count(self) -> int:
        """How many records there are."""
