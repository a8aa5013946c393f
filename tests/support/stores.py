"""Record stores in memory that misbehave, or remember."""

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
