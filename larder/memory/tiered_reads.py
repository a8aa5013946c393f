"""Reads with the in-memory tier before DynamoDB: records of InMemory groups come from Valkey first.

DynamoDB stays the one truth. Every write goes to it alone, and so does a read that the tier can't
answer. A batch asks each store once.
"""

from __future__ import annotations

from collections.abc import Sequence

from larder.errors import ServiceUnavailable, ThrottlingException
from larder.memory.tier import MemoryTier
from larder.records.ports import Consistency, Reads, RecordReads
from larder.records.record import Slot


class TieredReads:
    """``RecordReads`` over both. The store of ``durable`` hands what it accepts to ``memory``."""

    def __init__(self, durable: RecordReads, memory: MemoryTier) -> None:
        self._durable = durable
        self._memory = memory

    def get(
        self, slots: Sequence[Slot], *, consistency: Consistency = Consistency.DEFAULT
    ) -> Reads:
        """See ``RecordReads.get``; both consistencies that a caller names mean DynamoDB's."""
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
        return Reads({**found, **reads.found}, reads.unprocessed, reads.unreadable)
