"""The in-memory tier: copies in Valkey of InMemory groups' records, which no read depends on.

Every entry is a version that DynamoDB has accepted. An entry of lesser order never replaces a
greater one (``compare_and_set``), and what can't be trusted is left to DynamoDB:

* a record whose write did not reach Valkey from here is *dirty*: entries older than that write are
  not used until Valkey holds an equal or newer one;
* after Valkey was away (the breaker closes again, a connection was lost) there is a *fence*: this
  process does not use entries that Valkey took before it. Valkey may have missed writes or lost
  some in a failover. The fence is as far ahead as a write may still be under way. Reading such
  records from DynamoDB fills them again, which confirms them to all processes.

So a process never reads older than what it wrote or noticed. Another process may have written while
Valkey was unreachable for it alone. The stream's projector repairs that in about a second; no entry
lives longer than five minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time_ns

from larder.memory.breaker import Breaker
from larder.memory.compare_and_set import COMPARE_AND_SET, KEPT, LATE
from larder.memory.entry import (
    RACE_SECONDS,
    entry_parts,
    lifetime_ms,
    memory_key,
    rank,
    read_entry,
)
from larder.records.record import RecordVersion, Slot
from larder.telemetry.metrics import Metric
from larder.valkey import NoReply, Valkey

_MILLI = 1_000_000
WRITE_MS = 1_000.0
"""How long after DynamoDB was asked an entry may still be written: half of ``RACE_SECONDS``."""
_GUARD_MS = int(RACE_SECONDS * 1000)
_SKEW_MS = 50.0
"""By how much this process's clock and Valkey's may differ."""
_DIRTY = 10_000
"""How many dirty records are kept by name; beyond that a fence covers all."""
_LEAST = (-1, False, 0, False, 0)


@dataclass(slots=True)
class MemoryCounts:
    """Reads count by record.

    ``kept_back`` are records not asked for because the breaker was open, ``late`` writes that came
    after their deadline.
    """

    hits: int = 0
    misses: int = 0
    kept_back: int = 0
    unanswered: int = 0
    late: int = 0

    def metrics(self, breakers_opened: int) -> dict[str, int]:
        """The counts by the metrics' names; those that are 0 are left out."""
        named = {
            Metric.MEMORY_HITS: self.hits,
            Metric.MEMORY_MISSES: self.misses,
            Metric.MEMORY_KEPT_BACK: self.kept_back,
            Metric.MEMORY_UNANSWERED: self.unanswered,
            Metric.MEMORY_LATE_WRITES: self.late,
            Metric.MEMORY_BREAKER_OPENED: breakers_opened,
        }
        return {str(name): count for name, count in named.items() if count}


class MemoryTier:
    """Reads and writes entries; what goes wrong shows in ``counts`` and nowhere else.

    ``read_seconds`` and ``write_seconds`` bound what Valkey may add to a call. An accepted write
    that was not answered in that time is sent once more, for up to ``patient_seconds``: where
    threads are busy the time may have passed without a request. ``epoch`` is part of every key
    (``memory_key``). ``clock`` gives nanoseconds since 1970.
    """

    def __init__(  # noqa: PLR0913 - bounds of three kinds of call, and what tests replace
        self,
        valkey: Valkey,
        *,
        breaker: Breaker | None = None,
        read_seconds: float = 0.005,
        write_seconds: float = 0.02,
        patient_seconds: float = 0.0,
        epoch: str = "",
        clock: Callable[[], int] = time_ns,
    ) -> None:
        self._valkey = valkey
        self._breaker = breaker or Breaker()
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._patient_seconds = patient_seconds
        self._epoch = epoch
        self._clock = clock
        self._disruptions = valkey.disruptions
        self._fence_ms = 0.0
        self._dirty: dict[Slot, tuple[int, bool, int, bool, int]] = {}
        self._openings_reported = 0
        self.counts = MemoryCounts()

    def now_ms(self) -> float:
        """Milliseconds since the epoch: when a write or a read of DynamoDB begins."""
        return self._clock() / _MILLI

    def get(self, slots: Sequence[Slot]) -> dict[Slot, RecordVersion]:
        """The versions that may be served; all others are to be read from DynamoDB."""
        if not self._breaker.allows():
            self.counts.kept_back += len(slots)
            return {}
        epoch = self._epoch
        keys = [memory_key(slot, epoch) for slot in slots]
        replies = self._valkey.get(keys, seconds=self._read_seconds)
        self._note_outcome(replies)
        found: dict[Slot, RecordVersion] = {}
        now = self._clock()
        for slot, reply in zip(slots, replies, strict=True):
            if isinstance(reply, bytes) and (version := self._trusted(slot, reply, now)):
                found[slot] = version
        self.counts.hits += len(found)
        self.counts.misses += len(slots) - len(found)
        return found

    def fill(self, versions: Mapping[Slot, RecordVersion], *, began_ms: float) -> bool:
        """Write what a strongly consistent read of DynamoDB, begun then, has found.

        Whether Valkey took all of it.
        """
        if not versions:
            return True
        return self._breaker.allows() and self._write(list(versions.items()), began_ms=began_ms)

    def accept(self, slot: Slot, version: RecordVersion) -> None:
        """Write through what DynamoDB has just accepted."""
        written = self._breaker.allows() and self._accept(slot, version)
        if not written:
            self._mark_dirty(slot, version)
        elif self._dirty:
            self._dirty.pop(slot, None)

    def _accept(self, slot: Slot, version: RecordVersion) -> bool:
        began_ms, versions = self.now_ms(), [(slot, version)]
        if self._write(versions, began_ms=began_ms):
            return True
        patience = self._patient_seconds
        return patience > 0 and self._write(versions, began_ms=began_ms, seconds=patience)

    def repair(
        self, changes: Sequence[tuple[bytes, RecordVersion]], *, seconds: float
    ) -> list[bool]:
        """Bring entries, by key, up to changes of the stream, in its order; whether each was done.

        A missing entry is written for a moment only, to keep out an older one under way. It is not
        kept, because the stream may lag, and reads fill from DynamoDB anyway.
        """
        deadline_ms = self.now_ms() + seconds * 1000 + _SKEW_MS
        calls = [self._call(key, each, deadline_ms, _GUARD_MS) for key, each in changes]
        replies = self._run(calls, seconds)
        return [not isinstance(reply, NoReply) and reply != LATE for reply in replies]

    def take_counts(self) -> dict[str, int]:
        """What was counted since the last call, by the metric's name; nothing where all is 0."""
        counts, self.counts = self.counts, MemoryCounts()
        opened = self._breaker.opened - self._openings_reported
        self._openings_reported = self._breaker.opened
        return counts.metrics(opened)

    def close(self) -> None:
        """Close the connections to Valkey that are not in use."""
        self._valkey.close()

    def _trusted(self, slot: Slot, entry: bytes, now_nanos: int) -> RecordVersion | None:
        try:
            version, stored_ms = read_entry(entry, slot.identifier)
        except ValueError:
            return None
        if stored_ms <= self._fence_ms or version.is_expired(now_nanos):
            return None
        if self._dirty and (least := self._dirty.get(slot)) and rank(version) < least:
            return None
        return version

    def _write(
        self,
        versions: Sequence[tuple[Slot, RecordVersion]],
        *,
        began_ms: float,
        seconds: float | None = None,
    ) -> bool:
        deadline_ms = began_ms + WRITE_MS
        epoch = self._epoch
        calls = [self._call(memory_key(slot, epoch), each, deadline_ms) for slot, each in versions]
        replies = self._run(calls, self._write_seconds if seconds is None else seconds)
        late = replies.count(LATE)
        self.counts.late += late
        return self._note_outcome(replies) and not late

    def _run(self, calls: Sequence[tuple[bytes, Sequence[bytes]]], seconds: float) -> list[object]:
        """The script's replies. What Valkey refuses to write (it is full) it deletes instead: an
        entry that can't be brought up to date must not be read."""
        replies = self._valkey.run(COMPARE_AND_SET, calls, seconds=seconds)
        refused = [n for n, reply in enumerate(replies) if _is_refused(reply)]
        if refused:
            gone = self._valkey.delete([calls[n][0] for n in refused], seconds=seconds)
            for n, reply in zip(refused, gone, strict=True):
                replies[n] = replies[n] if isinstance(reply, NoReply) else KEPT
        return replies

    def _call(
        self, key: bytes, version: RecordVersion, deadline_ms: float, alone_ms: int | None = None
    ) -> tuple[bytes, Sequence[bytes]]:
        order, rest = entry_parts(version)
        lifetime = lifetime_ms(version, self._clock())
        alone = lifetime if alone_ms is None else alone_ms
        return key, (order, rest, b"%d" % lifetime, b"%d" % deadline_ms, b"%d" % alone)

    def _note_outcome(self, replies: Sequence[object]) -> bool:
        """Update breaker and fence by the replies; whether every call has one."""
        unanswered = sum(isinstance(reply, NoReply) for reply in replies)
        if unanswered:
            self.counts.unanswered += unanswered
            self._breaker.failed()
        elif self._breaker.succeeded():
            self._raise_fence()
        if self._valkey.disruptions != self._disruptions:
            self._disruptions = self._valkey.disruptions
            self._raise_fence()
        return not unanswered

    def _raise_fence(self) -> None:
        self._fence_ms = self.now_ms() + WRITE_MS + _SKEW_MS

    def _mark_dirty(self, slot: Slot, version: RecordVersion) -> None:
        self._dirty[slot] = max(rank(version), self._dirty.get(slot, _LEAST))
        if len(self._dirty) > _DIRTY:
            self._raise_fence()
            self._dirty = {}


def _is_refused(reply: object) -> bool:
    return isinstance(reply, NoReply) and reply.refused
