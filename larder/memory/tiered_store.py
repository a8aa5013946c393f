"""The record store with the in-memory tier before it: InMemory groups read from Valkey first.

DynamoDB stays the only truth: every write is its conditional write, and what the tier may not serve
is read from it. A batch asks each store once.
"""

from __future__ import annotations

from collections.abc import Sequence

from larder.errors import ServiceUnavailable, ThrottlingException
from larder.memory.tier import MemoryTier
from larder.records.ports import Consistency, Page, Reads, RecordStore
from larder.records.record import RecordVersion, Slot


class TieredRecordStore:
    """``RecordStore`` over both; ``durable`` hands accepted writes to ``memory`` by itself."""

    def __init__(self, durable: RecordStore, memory: MemoryTier) -> None:
        self._durable = durable
        self._memory = memory

    def get(
        self, slots: Sequence[Slot], *, consistency: Consistency = Consistency.DEFAULT
    ) -> Reads:
        """See ``RecordStore.get``; both consistencies that a caller names mean DynamoDB's."""
        asked = [slot for slot in slots if slot.in_memory]
        if not asked or consistency is not Consistency.DEFAULT:
            return self._durable.get(slots, consistency=consistency)
        found = self._memory.get(asked)
        left = [slot for slot in slots if slot not in found] if found else slots
        if not left:
            return Reads(found, frozenset())
        began_ms = self._memory.now_ms()
        try:
            reads = self._durable.get(left)
        except (ThrottlingException, ServiceUnavailable):
            if not found:
                raise
            return Reads(found, frozenset(left))
        self._memory.fill(
            {slot: version for slot, version in reads.found.items() if slot.in_memory},
            began_ms=began_ms,
        )
        return Reads({**found, **reads.found}, reads.unprocessed)

    def put(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        """See ``RecordStore.put``."""
        return self._durable.put(slot, version, now_nanos=now_nanos)

    def load(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        """See ``RecordStore.load``."""
        return self._durable.load(slot, version, now_nanos=now_nanos)

    def hard_delete(
        self, slot: Slot, marker: RecordVersion, *, now_nanos: int
    ) -> RecordVersion | None:
        """See ``RecordStore.hard_delete``."""
        return self._durable.hard_delete(slot, marker, now_nanos=now_nanos)

    def log(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> bool:
        """See ``RecordStore.log``."""
        return self._durable.log(slot, version, now_nanos=now_nanos)

    def replace(
        self, slot: Slot, stored: RecordVersion, version: RecordVersion, *, now_nanos: int
    ) -> bool:
        """See ``RecordStore.replace``."""
        return self._durable.replace(slot, stored, version, now_nanos=now_nanos)

    def shard(self, uid: str, shard: int, *, after: str | None, limit: int) -> Page:
        """See ``RecordStore.shard``."""
        return self._durable.shard(uid, shard, after=after, limit=limit)
