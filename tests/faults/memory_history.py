"""Histories of an InMemory group's records: what was asked and answered when, and what that breaks.

Every write has a value of its own, so a read tells which write it saw. A version is *stale* to a
read if a greater one had been acknowledged before the read began.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Write:
    key: str
    rank: tuple
    value: str
    asked: float
    acked: float


@dataclass(frozen=True, slots=True)
class Read:
    """``value`` is ``None`` where no record was found."""

    key: str
    value: str | None
    asked: float
    answered: float


@dataclass
class Findings:
    operations: int = 0
    unacknowledged: list = field(default_factory=list)
    """Reads of values that no one wrote, or of records that are not there though one was written."""
    staleness: list = field(default_factory=list)
    """(when the read began, seconds since a greater version had been acknowledged)."""

    def stalest(self, since=0.0):
        """The greatest staleness of reads that began at ``since`` or later."""
        return max((seconds for began, seconds in self.staleness if began >= since), default=0.0)


class History:
    """What clients did; lists are appended to from many threads."""

    def __init__(self):
        self.writes = []
        self.reads = []
        self.errors = []

    def findings(self):
        """What the history breaks."""
        found = Findings(len(self.writes) + len(self.reads) + len(self.errors))
        by_value = {write.value: write for write in self.writes}
        by_key = {}
        for write in sorted(self.writes, key=lambda each: each.acked):
            by_key.setdefault(write.key, []).append(write)
        for read in self.reads:
            seen = by_value.get(read.value)
            acked = [each for each in by_key.get(read.key, ()) if each.acked < read.asked]
            if seen is None and (read.value is not None or acked):
                found.unacknowledged.append(read)
                continue
            if seen is not None and seen.key != read.key:
                found.unacknowledged.append(read)
                continue
            newer = [each.acked for each in acked if seen is not None and each.rank > seen.rank]
            if newer:
                found.staleness.append((read.asked, read.asked - min(newer)))
        return found
