"""One version of a record, and the order of its versions.

A record is a **register** ordered by ``(event_time, live, write_time)``: the greater event time
wins; at the same event time a live version wins over a tombstone (AWS, DeleteRecord: a delete
must be *later* than the record to take effect); among equals the later write is a correction and
wins (AWS developer guide: the online store is overwritten when the event time is greater or equal).
A version past its expiry counts as absent from that instant. A hard delete leaves a hidden
tombstone that readers and the order take for absent; it begins the record's next **life**.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from zlib import crc32

KEEP_DAYS = 8
"""How long a hidden tombstone stays at least: longer than any consumer of the stream may lag."""
MAX_RECORD_BYTES = 350 * 1024
MAX_IDENTIFIER_BYTES = 2048


class State(IntEnum):
    """What a version says of its record; the numbers are stored."""

    LIVE = 0
    SOFT_DELETED = 1
    HARD_DELETED = 2


@dataclass(slots=True, unsafe_hash=True)
class RecordVersion:
    """One accepted write of one record; never changed once it is made.

    Python's freezing would quintuple the cost of making one, and a batch of reads makes a hundred.

    Attributes:
        identifier: the record identifier's value.
        event_key: ordering key of the event time (``larder.event_time``).
        write_time: microseconds since the epoch, stamped at the endpoint: the order of acceptance.
            Unique among the versions of one record at one event time.
        invocation_time: microseconds since the epoch at which the service got the call.
        packed: the packed values (``larder.records.codec``); of a deletion, those of the
            identifier and the event time alone. The texts as sent, event time included, are here.
        schema_version: number of features the group had when the values were packed.
        expires_at: nanoseconds since the epoch, or ``None`` for never.
        offline: whether this version belongs into the offline store.
        life: how often the record was hard-deleted before.
        recorded: whether the version's row is in the offline store already, put there by a bulk
            write. Its expiry still has to write a row.
    """

    identifier: str
    event_key: int
    write_time: int
    invocation_time: int
    state: State
    packed: bytes
    schema_version: int
    expires_at: int | None = None
    offline: bool = True
    life: int = 0
    recorded: bool = False

    def is_visible(self, now_nanos: int) -> bool:
        """Whether a reader at ``now_nanos`` is given this version."""
        expiry = self.expires_at
        return self.state is State.LIVE and (expiry is None or expiry > now_nanos)

    def is_expired(self, now_nanos: int) -> bool:
        """Whether its time to live has passed; at the very instant it has."""
        return self.expires_at is not None and self.expires_at <= now_nanos

    def is_absent(self, now_nanos: int) -> bool:
        """Whether readers and the order take the record for one that was never written."""
        return self.state is State.HARD_DELETED or self.is_expired(now_nanos)

    def order(self) -> tuple[int, bool, int]:
        """The key by which versions of one record compare."""
        return (self.event_key, self.state is State.LIVE, self.write_time)


class Slot(NamedTuple):
    """Where a record lives: its group's identity and number of shards, and its identifier.

    ``in_memory`` says that the group's tier is InMemory: its records are served from Valkey too.
    A tuple, because a batch makes a hundred, and hashes each several times.
    """

    uid: str
    shards: int
    identifier: str
    in_memory: bool = False

    @property
    def shard(self) -> int:
        """The shard, from the identifier alone."""
        return crc32(self.identifier.encode()) % self.shards
