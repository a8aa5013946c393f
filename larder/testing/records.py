"""The record store in memory: the executable statement of the register rule.

It is the oracle that other stores are compared with, and the store of tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from larder.errors import ServiceUnavailable, ThrottlingException
from larder.records.keys import sort_key
from larder.records.ports import Consistency, Page, Reads, Refused, Write
from larder.records.record import RecordVersion, Slot

_NEVER_EXPIRED = -(1 << 95)
"""A clock by which no version has expired."""


@dataclass(slots=True)
class MemoryRecordStore:
    """Registers in a dictionary; ``logged`` and ``accepted`` tell what left for the offline store.

    ``accepted`` holds every version the online store took, in order; ``logged`` the others.
    ``deleted`` is the write time of the last hard delete of each slot.
    """

    records: dict[Slot, RecordVersion] = field(default_factory=dict)
    accepted: list[tuple[Slot, RecordVersion]] = field(default_factory=list)
    logged: dict[tuple[Slot, int, int], RecordVersion] = field(default_factory=dict)
    deleted: dict[Slot, int] = field(default_factory=dict)

    def put(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        stored = self.records.get(slot)
        life = stored.life if stored else 0
        if stored is not None and not stored.is_absent(now_nanos):
            if replace(stored, life=0) == replace(version, life=0):
                return None
            if stored.order() >= version.order():
                return stored
        self._accept(slot, replace(version, life=life))
        return None

    def put_all(
        self, writes: Sequence[Write], *, now_nanos: int
    ) -> list[RecordVersion | Refused | None]:
        def put(slot: Slot, version: RecordVersion) -> RecordVersion | Refused | None:
            try:
                return self.put(slot, version, now_nanos=now_nanos)
            except (ThrottlingException, ServiceUnavailable) as refusal:
                return refusal

        return [put(*write) for write in writes]

    def log_all(self, writes: Sequence[Write], *, now_nanos: int) -> list[bool | Refused]:
        def log(slot: Slot, version: RecordVersion) -> bool | Refused:
            try:
                return self.log(slot, version, now_nanos=now_nanos)
            except (ThrottlingException, ServiceUnavailable) as refusal:
                return refusal

        return [log(*write) for write in writes]

    def load(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        accepted, stored = version.invocation_time, self.records.get(slot)
        if stored is None:
            return self.put(slot, version, now_nanos=now_nanos)
        if self.deleted.get(slot, accepted - 1) >= accepted:
            return stored
        if stored.write_time < accepted and stored.is_absent(accepted * 1000):
            self._accept(slot, replace(version, life=stored.life))
            return None
        return self.put(slot, version, now_nanos=_NEVER_EXPIRED)

    def hard_delete(
        self, slot: Slot, marker: RecordVersion, *, now_nanos: int
    ) -> RecordVersion | None:
        stored = self.records.get(slot)
        if (
            stored is not None
            and not stored.is_absent(now_nanos)
            and stored.event_key >= marker.event_key
        ):
            return stored
        self.deleted[slot] = marker.write_time
        self._accept(slot, replace(marker, life=(stored.life if stored else 0) + 1))
        return None

    def log(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> bool:  # noqa: ARG002
        key = (slot, version.event_key, version.write_time)
        return self.logged.setdefault(key, version) == version

    def get(
        self,
        slots: Sequence[Slot],
        *,
        consistency: Consistency = Consistency.DEFAULT,  # noqa: ARG002
    ) -> Reads:
        found = {slot: self.records[slot] for slot in slots if slot in self.records}
        return Reads(found, frozenset())

    def replace(
        self, slot: Slot, stored: RecordVersion, version: RecordVersion, *, now_nanos: int
    ) -> bool:
        if self.records.get(slot) != stored or stored.is_absent(now_nanos):
            return False
        self._accept(slot, replace(version, life=stored.life))
        return True

    def shard(self, uid: str, shard: int, *, after: str | None, limit: int) -> Page:
        keys = {
            sort_key(slot.identifier): version
            for slot, version in self.records.items()
            if slot.uid == uid and slot.shard == shard
        }
        positions = [each for each in sorted(keys) if after is None or each > after]
        entries = [(each, replace(keys[each], identifier="")) for each in positions[:limit]]
        return Page(entries, entries[-1][0] if len(positions) > limit else None)

    def _accept(self, slot: Slot, version: RecordVersion) -> None:
        self.records[slot] = version
        self.accepted.append((slot, version))
