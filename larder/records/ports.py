"""The online store of records: the port, and what every implementation promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from larder.errors import NewerFormat, ServiceUnavailable, ThrottlingException, ValidationError
from larder.records.record import RecordVersion, Slot

Write = tuple[Slot, RecordVersion]
Refused = ThrottlingException | ServiceUnavailable
"""What becomes of one of several writes that the store did not take, as a value."""


class Consistency(StrEnum):
    """What a read may miss; the words are those of callers.

    ``DEFAULT`` is what the group's tier promises: on Standard every acknowledged write is seen, on
    InMemory the tier serves. ``STRONG`` asks DynamoDB for every acknowledged write, whatever the
    tier. ``EVENTUAL`` may miss the writes of the last moments, at half of DynamoDB's price.
    """

    DEFAULT = "default"
    STRONG = "strong"
    EVENTUAL = "eventual"

    @classmethod
    def named(cls, word: str, where: str = "consistency") -> Consistency:
        """The one of that word.

        Raises:
            ValidationError: it does not exist; the message says ``where`` the word was.
        """
        if isinstance(word, cls):
            return word
        try:
            return cls(word)
        except ValueError:
            raise ValidationError(
                f"{where}: {word[:64]!r} must be one of [{', '.join(cls)}]; leave it out for what "
                f"the group's tier promises."
            ) from None


@dataclass(frozen=True, slots=True)
class Reads:
    """What a batch of reads gave: versions by slot, and the slots that were not read.

    A slot in neither was read and holds nothing. Slots whose read was refused for load or ran out
    of time are in ``unprocessed``; they are never reported as missing. What a newer release wrote
    is in ``unreadable``.
    """

    found: Mapping[Slot, RecordVersion]
    unprocessed: frozenset[Slot]
    unreadable: Mapping[Slot, NewerFormat] = field(default_factory=dict)

    def at(self, slot: Slot) -> RecordVersion | None:
        """What was found of a slot that was read.

        Raises:
            NewerFormat: a newer release wrote it.
        """
        if self.unreadable and slot in self.unreadable:
            raise self.unreadable[slot]
        return self.found.get(slot)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a shard in the order of its keys: each entry's position, and the version there.

    ``last`` is the position to go on after, ``None`` at the shard's end. A version's
    ``identifier`` is empty here: it is among the packed values. What a newer release wrote is left
    out, with a warning.
    """

    entries: Sequence[tuple[str, RecordVersion]]
    last: str | None


class RecordReads(Protocol):
    """Records by their slots, from whichever tier serves them.

    Raises ``ThrottlingException`` where the store refused for load and ``ServiceUnavailable`` where
    it did not answer.
    """

    def get(
        self, slots: Sequence[Slot], *, consistency: Consistency = Consistency.DEFAULT
    ) -> Reads:
        """The stored versions, whatever their state; at most 100 distinct slots."""


class RecordPages(Protocol):
    """All records of a group, shard by shard; raises as ``RecordReads``."""

    def shard(self, uid: str, shard: int, *, after: str | None, limit: int) -> Page:
        """At most ``limit`` stored versions of one shard, whatever their state."""


class RecordWrites(Protocol):
    """One register per slot, ordered as ``larder.records.record`` says.

    Every write is one atomic conditional step. All methods raise ``ThrottlingException`` where the
    store refused for load and ``ServiceUnavailable`` where it did not answer. ``now_nanos`` is the
    caller's clock, by which expiry is judged.
    """

    def put(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        """Store a live version or a soft-delete tombstone where it wins.

        Returns ``None`` where it was stored (or had been, by an earlier try of the same write).
        Otherwise it returns the stored version that prevented it.
        """

    def put_all(
        self, writes: Sequence[Write], *, now_nanos: int
    ) -> list[RecordVersion | Refused | None]:
        """What ``put`` returns or raises for each write, made side by side; no slot comes twice."""

    def load(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> RecordVersion | None:
        """Store a live version as if it had been put when it was accepted.

        That instant is its ``invocation_time``: rows of a history and rows in bulk come later. So a
        hard delete since then wins over it, even where another record has been put after it.
        A stored version that has expired since then still orders by its event time. Otherwise as
        ``put``. A hard delete is known for ``KEEP_DAYS``: load nothing that was read before that.
        """

    def hard_delete(
        self, slot: Slot, marker: RecordVersion, *, now_nanos: int
    ) -> RecordVersion | None:
        """Put a hidden tombstone in place of a version of strictly older event time, or of none.

        The record's next life begins. Returns as ``put`` does.
        """

    def log(self, slot: Slot, version: RecordVersion, *, now_nanos: int) -> bool:
        """Hand a version to the offline store alone.

        Returns whether it is kept; ``False`` where other content has its (event time, write time).
        """

    def log_all(self, writes: Sequence[Write], *, now_nanos: int) -> list[bool | Refused]:
        """What ``log`` returns or raises for each write, made side by side; no slot comes twice."""


class RecordUpdates(RecordReads, Protocol):
    """What a change of some features needs: to read a record, and to store it if it is the same."""

    def replace(
        self, slot: Slot, stored: RecordVersion, version: RecordVersion, *, now_nanos: int
    ) -> bool:
        """Store a live version where ``stored``, just read, is unchanged.

        Returns whether it was stored; ``False`` where another write came between.
        """
