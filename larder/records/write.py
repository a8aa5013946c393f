"""Writing records: the use cases of PutRecord and DeleteRecord.

Every accepted write is one conditional write of the record store; what the online store does not
take goes into its log. That is a late record, an offline-only write or the tombstone of a refused
soft delete. So everything leaves for the offline store through the one stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from time import time_ns
from typing import NamedTuple, TypeVar

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import (
    LarderError,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)
from larder.groups.feature_group import FeatureGroup, TargetStore, TtlDuration
from larder.groups.settings_cache import GroupSettings
from larder.records.codec import Value
from larder.records.many_writes import SKEW_TRIES, Pending, too_many_corrections, write_all
from larder.records.ports import RecordWrites
from larder.records.record import RecordVersion, Slot, State
from larder.records.values import UndefinedFeature, checked_features, complete, target_stores
from larder.records.versions import Stamp, deletion_version, live_version

T = TypeVar("T")
_AT_ONCE = 100
"""Entries whose writes share the time that one call of the store may take."""


@dataclass(frozen=True, slots=True)
class PutRecord:
    """One record to put. ``record`` is feature name and value; ``targets`` ``None`` means all."""

    group: str
    record: Sequence[tuple[str, object]]
    targets: frozenset[TargetStore] | None = None
    ttl: TtlDuration | None = None


@dataclass(frozen=True, slots=True)
class DeleteRecord:
    """One record to delete, softly or hard, as of an event time."""

    group: str
    identifier: str
    event_time: str
    hard: bool = False
    targets: frozenset[TargetStore] | None = None


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What became of each of several writes, by its place; one in neither list was accepted.

    ``errors`` were refused for good. ``unprocessed`` met a store that refused for load or did not
    answer: nothing is known of them, and writing them again is safe.
    """

    errors: list[tuple[int, LarderError]] = field(default_factory=list)
    unprocessed: list[int] = field(default_factory=list)

    @property
    def all_accepted(self) -> bool:
        """Whether every write was accepted."""
        return not self.errors and not self.unprocessed


class _Prepared(NamedTuple):
    slot: Slot
    version: RecordVersion
    targets: frozenset[TargetStore]


@dataclass(slots=True)
class RecordWriter:
    """Writes records. ``clock`` gives nanoseconds since the epoch."""

    store: RecordWrites
    groups: GroupSettings
    clock: Callable[[], int] = time_ns

    def of_caller(self, access: Access) -> RecordWriter:
        """The same for a caller, who needs the right to write each group that is named."""
        return replace(self, groups=self.groups.of_caller(access, Right.WRITE))

    def put(self, request: PutRecord) -> None:
        """Accept a record: afterwards it is durable in every store it is meant for.

        Where a newer version is stored the record is historic: it goes to the offline store alone
        and the call succeeds (AWS, PutRecord).

        Raises:
            ResourceNotFound: see ``GroupSettings.get``.
            ValidationError: also where the record does not fit the group (``records.values``).
            ThrottlingException, ServiceUnavailable: the store did not take it.
        """
        prepared = self._prepared(request)
        self._write(prepared.slot, prepared.version, prepared.targets)

    def put_many(self, entries: Iterable[T], request_of: Callable[[T], PutRecord]) -> WriteOutcome:
        """Accept records side by side, whatever becomes of the others.

        Entries of one record are accepted in their order. What ``request_of`` raises counts as that
        entry's refusal.
        """
        outcome, numbered = WriteOutcome(), enumerate(entries)
        while part := list(islice(numbered, _AT_ONCE)):
            pending = list(self._pending(part, request_of, outcome))
            outcome.unprocessed.extend(write_all(self.store, pending, self.clock))
        outcome.unprocessed.sort()
        return outcome

    def _pending(
        self,
        entries: Iterable[tuple[int, T]],
        request_of: Callable[[T], PutRecord],
        outcome: WriteOutcome,
    ) -> Iterator[Pending]:
        """The versions to write; what is refused before goes into the outcome."""
        for place, entry in entries:
            try:
                each = self._prepared(request_of(entry))
            except (ThrottlingException, ServiceUnavailable):
                outcome.unprocessed.append(place)
            except LarderError as error:
                outcome.errors.append((place, error))
            else:
                online = TargetStore.ONLINE in each.targets
                yield Pending(place, (each.slot, each.version), online)

    def delete(self, request: DeleteRecord) -> None:
        """Delete a record as of an event time; an unknown record is no error.

        Raises:
            ValidationError: a hard delete's event time is not later than the stored one; nothing
                is written anywhere then. Otherwise as ``put``.
        """
        stamp = self._stamp()
        group = self.groups.get(request.group)
        targets = target_stores(group, request.targets)
        state = State.HARD_DELETED if request.hard else State.SOFT_DELETED
        slot, marker = deletion_version(
            group,
            request.identifier,
            request.event_time,
            state,
            stamp=stamp,
            targets=targets,
        )
        if not request.hard or TargetStore.ONLINE not in targets:
            self._write(slot, marker, targets)
        elif self.store.hard_delete(slot, marker, now_nanos=self.clock()) is not None:
            raise ValidationError(
                f"EventTime: {request.event_time} is not later than the event time of the stored "
                f"record; a HardDelete needs a later one, and nothing was deleted."
            )

    def _prepared(self, request: PutRecord) -> _Prepared:
        """The version that a request asks for; raises as ``put`` before the store is asked."""
        stamp = self._stamp()
        group, values = self._values(request)
        targets = target_stores(group, request.targets)
        if request.ttl is not None and group.online is None:
            raise ValidationError(
                f"TtlDuration: FeatureGroup {group.name} has no online store, where alone "
                f"records expire; leave TtlDuration out."
            )
        ttl = request.ttl or (group.online.ttl if group.online else None)
        slot, version = live_version(group, values, stamp=stamp, ttl=ttl, targets=targets)
        return _Prepared(slot, version, targets)

    def _write(self, slot: Slot, version: RecordVersion, targets: frozenset[TargetStore]) -> None:
        for _ in range(SKEW_TRIES):
            if TargetStore.ONLINE not in targets:
                break
            winner = self.store.put(slot, version, now_nanos=self.clock())
            if winner is None:
                return
            if winner.order()[:2] != version.order()[:2]:
                break  # historic
            version = replace(version, write_time=winner.write_time + 1)
        else:
            raise too_many_corrections()
        if version.offline:
            self._log(slot, version)

    def _log(self, slot: Slot, version: RecordVersion) -> None:
        while not self.store.log(slot, version, now_nanos=self.clock()):
            version = replace(version, write_time=version.write_time + 1)

    def _values(self, request: PutRecord) -> tuple[FeatureGroup, dict[int, Value]]:
        group = self.groups.get(request.group)
        try:
            return group, complete(group, checked_features(group, request.record))
        except UndefinedFeature:  # it may have been added a moment ago
            group = self.groups.refresh(group.name)
            return group, complete(group, checked_features(group, request.record))

    def _stamp(self) -> Stamp:
        now = self.clock() // 1000
        return Stamp(invocation_time=now, write_time=now)
