"""Records as the in-memory tier holds them: one byte string each, under one key.

An entry is a fixed head and the packed values (``larder.records.codec``), big-endian:

    order   ``ORDER``                                                           32 bytes
    stored  double: when Valkey took or confirmed it, in ms of Valkey's clock    8 bytes
    rest    ``REST``, and the packed values                                     24 bytes and more

The order's eight words compare as the versions of one record do (``larder.records.record``), the
life first. So a script can compare two entries without knowing more. ``there`` is 0 for a hidden
tombstone: it begins its life, and whatever is put in that life replaces it.

This module is the only one that knows the layout. Heads made column by column
(``larder.materialization.adapters.memory_entries``) take their members and numbers from here.
"""

from __future__ import annotations

import struct

from larder.formats import Format
from larder.jitter import jitter
from larder.records.keys import sort_key
from larder.records.record import RecordVersion, Slot, State

Members = tuple[tuple[str, str], ...]
"""Names and ``struct``'s formats; ``12s`` is an integer of 96 bits."""
ORDER: Members = (
    ("life", "I"),
    ("there", "I"),
    ("event_key", "12s"),  # plus EVENT_KEY_BIAS, so that its bytes compare as it does
    ("live", "I"),
    ("write_time", "Q"),
)
REST: Members = (
    ("age", "Q"),  # write time less invocation time
    ("state", "B"),  # its upper four bits: the number of this form less 1 (``larder.formats``)
    ("schema_version", "H"),
    ("offline", "B"),  # 0: not for the offline store, 1: for it, 2: recorded there already
    ("expiry", "12s"),  # signed; NEVER where it does not expire
)
EVENT_KEY_BIAS = 1 << 95
NEVER = (1 << 95) - 1
LIFETIME_SECONDS = 300.0
"""Longest life of an entry: Valkey Serverless evicts only keys that expire, and no entry can be
stale for longer, whatever else fails."""
RACE_SECONDS = 2.0
"""Twice as long as a write may take: the life of an entry that only keeps out older ones."""


def _packing(*members: Members) -> str:
    return "".join(kind for each in members for _, kind in each)


_ORDER = struct.Struct(f">{_packing(ORDER)}")
_REST = struct.Struct(f">{_packing(REST)}")
_ENTRY = struct.Struct(f">{_packing(ORDER)}d{_packing(REST)}")
ORDER_BYTES = _ORDER.size
_STATES = tuple(State)
FORMAT = Format("tier-entry")
_NUMBER_SHIFT = 4


def memory_key(slot: Slot, epoch: str = "") -> bytes:
    """Valkey's key of a record.

    ``epoch`` is the restore that the records table came from. Entries of another one are never
    found, because they may be of writes that the restored table does not hold.
    """
    return item_memory_key(slot.uid, sort_key(slot.identifier), epoch)


def item_memory_key(uid: str, sort: str, epoch: str = "") -> bytes:
    """The same from its parts: the group's identity, and the sort key of DynamoDB's item."""
    return f"r:{epoch}{uid}:{sort}".encode()


def entry_parts(version: RecordVersion) -> tuple[bytes, bytes]:
    """``order`` and ``rest`` of an entry; the time between them is Valkey's to set."""
    expiry = NEVER if version.expires_at is None else version.expires_at
    order = _ORDER.pack(
        version.life,
        version.state is not State.HARD_DELETED,
        (version.event_key + EVENT_KEY_BIAS).to_bytes(12, "big"),
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
        NewerFormat: a newer release has written it.
        ValueError: the bytes are no entry.
    """
    try:
        parts = _ENTRY.unpack_from(entry)
        if parts[7] >> _NUMBER_SHIFT:
            FORMAT.check("an entry of the in-memory tier", (parts[7] >> _NUMBER_SHIFT) + 1)
        state = _STATES[parts[7]]
    except (struct.error, IndexError) as error:
        raise ValueError(f"no entry of the in-memory tier: {error}") from error
    life, _, event_key, _, write_time, stored, age, _, schema_version, offline, expiry = parts
    expires_at = int.from_bytes(expiry, "big", signed=True)
    version = RecordVersion(
        identifier,
        int.from_bytes(event_key, "big") - EVENT_KEY_BIAS,
        write_time,
        write_time - age,
        state,
        entry[_ENTRY.size :],
        schema_version,
        None if expires_at == NEVER else expires_at,
        bool(offline),
        life,
        offline == 2,
    )
    return version, stored


def longest_ms(chance: float) -> float:
    """How long an entry without an expiry lives, by a number from 0 to 1, or an array of such.

    The random part spreads the refills.
    """
    return LIFETIME_SECONDS * 1000 * (1 - 0.2 * chance)


def lifetime_ms(version: RecordVersion, now_nanos: int) -> int:
    """How long an entry lives: five minutes less a random part, not past its expiry.

    An entry that has expired lives just long enough to keep out an older one under way.
    """
    longest = longest_ms(jitter())
    if version.expires_at is not None:
        left = (version.expires_at - now_nanos) / 1_000_000
        longest = min(longest, max(left, RACE_SECONDS * 1000))
    return int(longest)


def rank(version: RecordVersion) -> tuple[int, bool, int, bool, int]:
    """The key by which entries compare; their orders' bytes compare so too."""
    return (version.life, version.state is not State.HARD_DELETED, *version.order())
