"""Record stores in memory that misbehave, or remember, and one whose reads go by the tier."""

from larder.memory.tiered_reads import TieredReads
from larder.records.ports import Consistency, Reads
from larder.testing.records import MemoryRecordStore


class Told(MemoryRecordStore):
    """Remembers what each read asked of it."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def get(self, slots, *, consistency=Consistency.DEFAULT):
        self.asked.append(consistency)
        return super().get(slots, consistency=consistency)


class Refusing(MemoryRecordStore):
    """Refuses all reads by an error, or leaves some identifiers unread."""

    def __init__(self, error=None, unread=()):
        super().__init__()
        self.error, self.unread = error, unread

    def get(self, slots, *, consistency=Consistency.DEFAULT):
        if self.error:
            raise self.error
        left = frozenset(slot for slot in slots if slot.identifier in self.unread)
        read = super().get([slot for slot in slots if slot not in left], consistency=consistency)
        return Reads(read.found, left)


class Tiered:
    """A durable store and, before its reads, the in-memory tier: as the data plane has them."""

    def __init__(self, durable, tier):
        self.get = TieredReads(durable, tier).get
        self.put, self.hard_delete, self.log = durable.put, durable.hard_delete, durable.log
        self.put_all, self.log_all = durable.put_all, durable.log_all
        self.load, self.replace, self.shard = durable.load, durable.replace, durable.shard
