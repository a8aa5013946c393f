"""Following the records table's stream into the offline tables: the offline writer's use case.

Every change ends in one of five ways. It is in its table; it needs no row; it is in quarantine with
the reason; its group is parked; or it is reported as failed and is delivered again.

A failure belongs to one group and costs the others nothing. A stream's shard is delivered in order.
A group that kept its place would hold up all groups behind it. Therefore a group that can't be
written is **parked** after a short patience: its changes of the batch go to one object in S3, and
``larder.offline.redrive`` writes them later. Rows are written exactly once by content, so order
does not matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from larder.errors import (
    AccessForbidden,
    LarderError,
    NewerFormat,
    ServiceUnavailable,
    ThrottlingException,
)
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus
from larder.offline.ports import (
    Appended,
    BatchTables,
    Remaining,
    TableNotReady,
    TableRows,
    TableUnusable,
)
from larder.offline.rows import Due, OfflineRow, StreamChange, row_of, rows_due
from larder.offline.unexpected import Unexpected
from larder.offline.watermark import FRESH_MICROS, Heartbeat

_UNREADABLE = "not a change of the records table"
_MISFIT = "the record does not fit its feature group"
_PASSING = (ServiceUnavailable, ThrottlingException)
PATIENCE_MICROS = 20_000_000
"""Age of a change, since it entered the stream, at which a group that can't be written is parked.

Shorter, and each passing fault of a service would park every group. Longer, and the groups behind
it in the shard miss the promise of one minute."""
PROBE_MICROS = 60_000_000
"""How long a parked group is not tried again by the same process."""
_Beats = list[tuple[int, Heartbeat]]


@dataclass(frozen=True, slots=True)
class UnreadableChange:
    """A delivered change that is not of the records table's layout.

    ``newer`` is the uid of its group where a newer release wrote it: then it waits, parked, until
    the writer is upgraded.
    """

    sequence: str
    raw: Mapping[str, Any]
    reason: str
    newer: str | None = None


Delivered = StreamChange | UnreadableChange | Heartbeat


class GroupsByUid(Protocol):
    """The one question to the registry that the writer asks.

    See ``larder.groups.ports.Registry``.
    """

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        """The group of that identity, living or deleted."""


class Quarantine(Protocol):
    """Where changes go that can't be written.

    Both methods raise ``ServiceUnavailable``, ``ThrottlingException`` and ``AccessForbidden``.
    """

    def put(self, uid: str | None, change: StreamChange | UnreadableChange, reason: str) -> str:
        """Keep a change that is wrong in itself, until a person has mended the cause.

        Returns its place; equal changes share one.
        """

    def park(
        self, uid: str, changes: Sequence[StreamChange | UnreadableChange], reason: str
    ) -> str:
        """Keep the changes of a group that can't be written now, as one object.

        Returns its place; equal changes share one.
        """


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of one group's rows.

    ``oldest_write_time`` is when the oldest of them was accepted, µs since the epoch; ``None``
    where all were expiries, whose lag does not matter.
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


@dataclass(frozen=True, slots=True)
class Parked:
    """A group's changes that were set aside, so that other groups go on; ``cause`` as above."""

    uid: str
    changes: int
    key: str
    cause: str


@dataclass(slots=True)
class BatchReport:
    """What became of a batch.

    ``failed`` is the position of the first change that must be delivered again, with everything
    after it; ``None`` if all are done with.
    """

    commits: list[Commit] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    failed: int | None = None
    error: LarderError | None = None

    def fail(self, position: int, error: LarderError) -> None:
        """Note a change that must come again."""
        self.failed = position if self.failed is None else min(position, self.failed)
        self.error = self.error or error

    @property
    def settled_nothing(self) -> bool:
        """Whether not one change was written or set aside."""
        return not (self.commits or self.quarantined or self.parked)


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


@dataclass(slots=True)
class OfflineWriter:
    """Writes batches of changes. What is known of a group is kept: its features only grow.

    ``note`` receives each heartbeat once all that came before it is done with; ``clock`` gives
    microseconds since the epoch.
    """

    groups: GroupsByUid
    tables: BatchTables
    quarantine: Quarantine
    note: Callable[[Heartbeat], None] = lambda _beat: None
    clock: Callable[[], int] = lambda: time.time_ns() // 1000
    _known: dict[str, FeatureGroup] = field(default_factory=dict)
    _parked: dict[str, tuple[int, LarderError]] = field(default_factory=dict)

    def write(
        self, changes: Sequence[Delivered], *, remaining: Remaining, redriven: bool = False
    ) -> BatchReport:
        """Write a batch, one commit per group, and report on it.

        A ``redriven`` batch is one that was set aside before: what can't be written fails, and is
        not set aside a second time.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: the quarantine failed, so
                nothing can be said of the batch, or not one group could be written.
        """
        report = BatchReport()
        beats: _Beats = []
        owed = self._gather(changes, report, beats, redriven)
        batches = self._batches(owed, report, redriven)
        for batch, done in self._append(batches, remaining, redriven):
            if isinstance(done, LarderError):
                parked = self._set_aside(batch.owed, done, report, redriven)
                if parked and self._parked_lately(batch.group.uid) is None:
                    self._parked[batch.group.uid] = (self.clock(), done)
            else:
                oldest = min(batch.write_times, default=None)
                report.commits.append(Commit(batch.group, done, oldest))
                self._parked.pop(batch.group.uid, None)
        if report.error is not None and report.settled_nothing:
            raise report.error
        self._note(beats, report)
        return report

    def _append(
        self, batches: Sequence[GroupRows], remaining: Remaining, redriven: bool
    ) -> Iterator[tuple[GroupRows, Appended | LarderError]]:
        tried = []
        for batch in batches:
            if not redriven and (error := self._parked_lately(batch.group.uid)):
                yield batch, error
            else:
                tried.append(batch)
        rows = [TableRows(batch.group, batch.rows) for batch in tried]
        for batch, done in zip(
            tried, self.tables.append_all(rows, remaining=remaining), strict=True
        ):
            if isinstance(done, Exception) and not isinstance(done, LarderError):
                yield batch, Unexpected(f"the offline table of group {batch.group.name}", done)
            else:
                yield batch, done

    def _parked_lately(self, uid: str) -> LarderError | None:
        at, error = self._parked.get(uid, (0, None))
        return error if self.clock() - at < PROBE_MICROS else None

    def _set_aside(
        self, owed: Owed, error: LarderError, report: BatchReport, redriven: bool
    ) -> bool:
        """Park a group's changes, or leave them in the stream while patience lasts."""
        if redriven or not self._is_overdue(owed, error):
            report.fail(owed.first, error)
            return False
        key = self.quarantine.park(owed.uid, owed.changes, str(error))
        cause = error.cause if isinstance(error, Unexpected) else str(error)
        report.parked.append(Parked(owed.uid, len(owed.changes), key, cause))
        return True

    def _is_overdue(self, owed: Owed, error: LarderError) -> bool:
        if isinstance(error, TableUnusable) or self._parked_lately(owed.uid):
            return True
        entered = min(change.entered for change in owed.changes)
        return self.clock() - entered >= PATIENCE_MICROS

    def _note(self, beats: _Beats, report: BatchReport) -> None:
        done = [beat for at, beat in beats if report.failed is None or at < report.failed]
        for beat in done:
            if self.clock() - beat.time < FRESH_MICROS:
                try:
                    self.note(beat)
                except (*_PASSING, AccessForbidden):
                    return  # the watermark stays where it is until the next one

    def _gather(
        self, changes: Iterable[Delivered], report: BatchReport, beats: _Beats, redriven: bool
    ) -> list[Owed]:
        """The changes that need rows, one entry a group."""
        owed: dict[str, Owed] = {}
        for position, change in enumerate(changes):
            if isinstance(change, Heartbeat):
                beats.append((position, change))
            elif isinstance(change, UnreadableChange) and change.newer is not None:
                self._park_newer(position, change, change.newer, report, redriven)
            elif isinstance(change, UnreadableChange):
                self._reject(None, change, change.reason, _UNREADABLE, report)
            elif rows_due(change):
                owed.setdefault(change.uid, Owed(change.uid, position)).changes.append(change)
        return list(owed.values())

    def _park_newer(
        self,
        position: int,
        change: UnreadableChange,
        uid: str,
        report: BatchReport,
        redriven: bool,
    ) -> None:
        if redriven:
            report.fail(position, NewerFormat(change.reason))
            return
        key = self.quarantine.park(uid, [change], change.reason)
        report.parked.append(Parked(uid, 1, key, change.reason))

    def _batches(
        self, owed: Iterable[Owed], report: BatchReport, redriven: bool
    ) -> list[GroupRows]:
        batches = []
        for each in owed:
            try:
                group = self._group(each)
            except LarderError as error:
                self._set_aside(each, error, report, redriven)
            except Exception as error:  # an entry that can't be read is that group's fault alone
                unexpected = Unexpected(f"the group of uid {each.uid}", error)
                self._set_aside(each, unexpected, report, redriven)
            else:
                batch = self._rows(group, each, report) if group.offline else None
                if batch is not None and batch.rows:
                    batches.append(batch)
        return batches

    def _rows(self, group: FeatureGroup, owed: Owed, report: BatchReport) -> GroupRows:
        batch = GroupRows(group, Owed(owed.uid, owed.first))
        for change in owed.changes:
            try:
                due = rows_due(change)
                rows = [row_of(each, group) for each in due]
            except Exception as error:  # one record's fault is not its neighbours'
                reason = str(error) if isinstance(error, ValueError) else repr(error)
                self._reject(group.uid, change, reason, _MISFIT, report)
            else:
                batch.add(change, due, rows)
        return batch

    def _group(self, owed: Owed) -> FeatureGroup:
        uid, schema_version = owed.uid, owed.schema_version
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
        cause: str,
        report: BatchReport,
    ) -> None:
        key = self.quarantine.put(uid, change, reason)
        report.quarantined.append(Quarantined(key, reason, cause))
