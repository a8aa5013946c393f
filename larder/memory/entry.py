"""Records as the in-memory tier holds them: one byte string each, under one key.

An entry is a fixed head and the packed values (``larder.records.codec``), big-endian:

    order   life u32, there u32, event key 96 bit (+ 2**95), live u32,
            write time u64                                                      32 bytes
    stored  double: when Valkey took or confirmed it, in ms of Valkey's clock    8 bytes
    rest    write time - invocation time u64, state u8, schema version u16,
            offline u8 (2: recorded there already), expiry 96 bit signed
            (the greatest number for never)                                     24 bytes
            and the packed values

The order's eight words compare as the versions of one record do (``larder.records.record``), the
life first, so that a script can compare two entries without knowing more. ``there`` is 0 for a
hidden tombstone: it begins its life, and whatever is put in that life replaces it.
"""

from __future__ import annotations

import struct

from larder.jitter import jitter
from larder.records.keys import sort_key
from larder.records.record import RecordVersion, Slot, State

ORDER_BYTES = 32
LIFETIME_SECONDS = 300.0
"""Longest life of an entry: Valkey Serverless evicts only keys that expire, and no entry can be
stale for longer, whatever else fails."""
RACE_SECONDS = 2.0
"""Twice as long as a write may be under way: how long a short-lived entry stands guard."""

_ORDER = struct.Struct(">II12sIQ")
_REST = struct.Struct(">QBHB12s")
_ENTRY = struct.Struct(">II12sIQdQBHB12s")
_BIAS = 1 << 95
_NEVER = (1 << 95) - 1
_STATES = tuple(State)


def memory_key(slot: Slot) -> bytes:
    """Valkey's key of a record."""
    return item_memory_key(slot.uid, sort_key(slot.identifier))


def item_memory_key(uid: str, sort: str) -> bytes:
    """The same from its parts: the group's identity, and the sort key of DynamoDB's item."""
    return f"r:{uid}:{sort}".encode()


def entry_parts(version: RecordVersion) -> tuple[bytes, bytes]:
    """``order`` and ``rest`` of an entry; the time between them is Valkey's to set."""
    expiry = _NEVER if version.expires_at is None else version.expires_at
    order = _ORDER.pack(
        version.life,
        version.state is not State.HARD_DELETED,
        (version.event_key + _BIAS).to_bytes(12, "big"),
        version.state is State.LIVE,
        version.write_time,
    )
    rest = _REST.pack(
        version.write_time - version.invocation_time,
        version.state,
        version.schema_version,
        version.offline + version.recorded,
        expiry.to_bytes(12, "big", signed=True),
    )
    return order, rest + version.packed


def read_entry(entry: bytes, identifier: str) -> tuple[RecordVersion, float]:
    """The version in an entry, and when Valkey took or confirmed it, in ms since the epoch.

    Raises:
        ValueError: the bytes are no entry.
    """
    try:
        parts = _ENTRY.unpack_from(entry)
        state = _STATES[parts[7]]
    except (struct.error, IndexError) as error:
        raise ValueError(f"no entry of the in-memory tier: {error}") from error
    life, _, event_key, _, write_time, stored, age, _, schema_version, offline, expiry = parts
    expires_at = int.from_bytes(expiry, "big", signed=True)
    version = RecordVersion(
        identifier,
        int.from_bytes(event_key, "big") - _BIAS,
        write_time,
        write_time - age,
        state,
        entry[_ENTRY.size :],
        schema_version,
        None if expires_at == _NEVER else expires_at,
        bool(offline),
        life,
        offline == 2,
    )
    return version, stored


def lifetime_ms(version: RecordVersion, now_nanos: int) -> int:
    """How long an entry may stand: five minutes less a random part, not past its expiry.

    An entry that has expired stands just long enough to keep out an older one under way.
    """
    longest = LIFETIME_SECONDS * 1000 * (1 - 0.2 * jitter())  # spreads the refills
    if version.expires_at is not None:
        left = (version.expires_at - now_nanos) / 1_000_000
        longest = min(longest, max(left, RACE_SECONDS * 1000))
    return int(longest)


def rank(version: RecordVersion) -> tuple[int, bool, int, bool, int]:
    """The key by which entries compare; their orders' bytes compare so too."""
    return (version.life, version.state is not State.HARD_DELETED, *version.order())
