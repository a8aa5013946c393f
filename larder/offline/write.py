"""Following the records table's stream into the offline tables: the offline writer's use case.

Every change is answered for: it is in its table, or it owes no row, or it is in quarantine with
the reason, or it is reported as failed and will be delivered again. A change that can't be written
never holds up the others; one that can't be written *yet* keeps its place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from larder.errors import AccessForbidden, LarderError, ServiceUnavailable, ThrottlingException
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus
from larder.offline.ports import (
    Appended,
    OfflineTables,
    Remaining,
    TableNotReady,
    TableUnusable,
)
from larder.offline.rows import Due, OfflineRow, StreamChange, row_of, rows_due
from larder.offline.watermark import FRESH_MICROS, Heartbeat

_RETRIABLE = (ServiceUnavailable, ThrottlingException, AccessForbidden, TableNotReady)
_UNREADABLE = "not a change of the records table"
_MISFIT = "the record does not fit its feature group"
_Beats = list[tuple[int, Heartbeat]]


@dataclass(frozen=True, slots=True)
class UnreadableChange:
    """A delivered change that is not of the records table's layout."""

    sequence: str
    raw: Mapping[str, Any]
    reason: str


Delivered = StreamChange | UnreadableChange | Heartbeat


class GroupsByUid(Protocol):
    """The one question to the registry that the writer asks.

    See ``larder.groups.ports.Registry``.
    """

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        """The group of that identity, living or deleted."""


class Quarantine(Protocol):
    """Where changes go that can't be written, until a person has mended the cause."""

    def put(self, uid: str | None, change: StreamChange | UnreadableChange, reason: str) -> str:
        """Keep the change with the reason and return its place; equal changes share one."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of one group's rows.

    ``oldest_write_time`` is when the oldest of them was accepted, µs since the epoch; ``None``
    where all were expiries, which nobody waits for.
    """

    group: FeatureGroup
    appended: Appended
    oldest_write_time: int | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A change in quarantine: its place there, and why.

    ``reason`` may quote values of the record; ``cause`` never does, so that it may be logged.
    """

    key: str
    reason: str
    cause: str


@dataclass(slots=True)
class BatchReport:
    """What became of a batch.

    ``failed`` is the position of the first change that must be delivered again, with everything
    after it; ``None`` if all are done with.
    """

    commits: list[Commit] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    failed: int | None = None
    error: LarderError | None = None

    def fail(self, position: int, error: LarderError) -> None:
        """Note a change that must come again."""
        self.failed = position if self.failed is None else min(position, self.failed)
        self.error = self.error or error


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


@dataclass(slots=True)
class OfflineWriter:
    """Writes batches of changes. What is known of a group is kept: its features only grow.

    ``note`` hears of each heartbeat once all that came before it is done with; ``clock`` gives
    microseconds since the epoch. ``at_once`` tables are written at the same time: a commit waits
    for storage and catalog nearly all its time.
    """

    groups: GroupsByUid
    tables: OfflineTables
    quarantine: Quarantine
    note: Callable[[Heartbeat], None] = lambda _beat: None
    clock: Callable[[], int] = lambda: time.time_ns() // 1000
    at_once: int = 16
    _known: dict[str, FeatureGroup] = field(default_factory=dict)

    def write(self, changes: Sequence[Delivered], *, remaining: Remaining) -> BatchReport:
        """Write a batch, one commit per group, and report on it.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: registry or quarantine
                failed, so nothing can be said of the batch, or not one group could be written.
        """
        report = BatchReport()
        beats: _Beats = []
        for batch, done in self._append(self._sort(changes, report, beats), remaining):
            if isinstance(done, TableUnusable):
                for change in batch.changes:
                    self._reject(batch.group.uid, change, str(done), report)
            elif isinstance(done, LarderError):
                report.fail(batch.first, done)
            else:
                oldest = min(batch.write_times, default=None)
                report.commits.append(Commit(batch.group, done, oldest))
        if report.error is not None and not report.commits and not report.quarantined:
            raise report.error
        self._note(beats, report)
        return report

    def _append(
        self, batches: Sequence[GroupRows], remaining: Remaining
    ) -> Iterator[tuple[GroupRows, Appended | LarderError]]:
        def append(batch: GroupRows) -> Appended | LarderError:
            try:
                return self.tables.append(batch.group, batch.rows, remaining=remaining)
            except (TableUnusable, *_RETRIABLE) as error:
                return error

        with ThreadPoolExecutor(self.at_once) as threads:
            yield from zip(batches, threads.map(append, batches), strict=True)

    def _note(self, beats: _Beats, report: BatchReport) -> None:
        done = [beat for at, beat in beats if report.failed is None or at < report.failed]
        for beat in done:
            if self.clock() - beat.time < FRESH_MICROS:
                try:
                    self.note(beat)
                except _RETRIABLE:
                    return  # the watermark stands still until the next one

    def _sort(
        self, changes: Iterable[Delivered], report: BatchReport, beats: _Beats
    ) -> list[GroupRows]:
        batches: dict[str, GroupRows] = {}
        for position, change in enumerate(changes):
            if isinstance(change, Heartbeat):
                beats.append((position, change))
                continue
            if isinstance(change, UnreadableChange):
                self._reject(None, change, change.reason, report, cause=_UNREADABLE)
                continue
            due = rows_due(change)
            if not due:
                continue
            try:
                group = self._group(change.uid, due)
                rows = [row_of(each, group) for each in due] if group.offline else []
            except TableNotReady as error:
                report.fail(position, error)
            except TableUnusable as error:
                self._reject(change.uid, change, str(error), report)
            except ValueError as error:
                self._reject(change.uid, change, str(error), report, cause=_MISFIT)
            else:
                if rows:
                    batch = batches.setdefault(change.uid, GroupRows(group, position))
                    batch.add(change, due, rows)
        return list(batches.values())

    def _group(self, uid: str, due: Sequence[Due]) -> FeatureGroup:
        schema_version = max(each.version.schema_version for each in due)
        group = self._known.get(uid)
        if group is None or group.schema_version < schema_version:
            group = self.groups.get_by_uid(uid)
            if group is None:
                raise TableUnusable(f"no feature group has the uid {uid!r}")
            if group.status is FeatureGroupStatus.CREATING:
                raise TableNotReady(f"feature group {group.name} is still being created")
            if group.status is FeatureGroupStatus.CREATE_FAILED:
                raise TableUnusable(f"the creation of feature group {group.name} failed")
            self._known[uid] = group
        return group

    def _reject(
        self,
        uid: str | None,
        change: StreamChange | UnreadableChange,
        reason: str,
        report: BatchReport,
        *,
        cause: str | None = None,
    ) -> None:
        key = self.quarantine.put(uid, change, reason)
        report.quarantined.append(Quarantined(key, reason, cause or reason))
