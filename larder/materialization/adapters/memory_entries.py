"""Entries of the in-memory tier made of columns: what ``memory_entries`` makes of single versions.

Heads are written by NumPy, requests joined by Arrow; a test compares them byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from larder.event_time import NANOS, event_time_nanos
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.event_times import event_key
from larder.memory.compare_and_set import COMPARE_AND_SET
from larder.memory.entry import LIFETIME_SECONDS, RACE_SECONDS, item_memory_key
from larder.records.keys import sort_key

Arrow = Any  # pyarrow and NumPy's records are untyped
_ORDER = np.dtype(
    [("life", ">u4"), ("there", ">u4"), ("high", ">u4"), ("low", ">u8"), ("live", ">u4"),
     ("written", ">u8")]
)  # fmt: skip
_REST = np.dtype(
    [("age", ">u8"), ("state", "u1"), ("schema", ">u2"), ("offline", "u1"), ("high", ">u4"),
     ("low", ">u8")]
)  # fmt: skip
_BIAS = 1 << 31
_NEVER = ((1 << 31) - 1, (1 << 64) - 1)
_SHORT = 1024


@dataclass(slots=True)
class Entries:
    """Compare-and-set requests of live versions in their first life, for one group.

    ``offline`` is what entries say of the offline store: 2 where the rows are there, else 0.
    """

    group: FeatureGroup
    offline: int
    random: Arrow = field(default_factory=np.random.default_rng)

    def requests(self, keyed: Arrow, *, now_ms: float, deadline_ms: float) -> tuple[Arrow, Arrow]:
        """Valkey's keys, and whole requests, of a keyed table (``bulk.versions``)."""
        table = keyed.combine_chunks()
        columns = {name: table.column(name).combine_chunks() for name in table.column_names}
        key = _wide(columns["high"], columns["low"])
        expiry = self._expiry(columns["high"], columns["low"])
        rest = pc.binary_join_element_wise(self._rest(len(table), expiry), columns["packed"], b"")
        keys, lifetimes = self._keys(columns["identifier"]), self._lifetimes(expiry, now_ms, table)
        digest = COMPARE_AND_SET.digest
        head = b"*9\r\n$7\r\nEVALSHA\r\n$%d\r\n%b\r\n$1\r\n1\r\n" % (len(digest), digest)
        deadline = b"%d" % deadline_ms
        request = pc.binary_join_element_wise(
            head,
            *_bulk(keys),
            *_bulk(self._order(key, columns["written"])),
            *_bulk(rest),
            *_bulk(lifetimes),
            b"$%d\r\n%b\r\n" % (len(deadline), deadline),
            *_bulk(lifetimes),
            b"",
        )
        return keys, request

    def _keys(self, identifiers: Arrow) -> Arrow:
        prefix = item_memory_key(self.group.uid, "r")
        keys = pc.binary_join_element_wise(prefix, identifiers.cast(pa.binary()), b"")
        long = pc.greater_equal(pc.binary_length(identifiers), _SHORT)
        if not pc.any(long).as_py():
            return keys
        uid, texts = self.group.uid, identifiers.to_pylist()
        return pa.array([item_memory_key(uid, sort_key(each)) for each in texts], pa.binary())

    def _order(self, key: tuple[Arrow, Arrow], written: Arrow) -> Arrow:
        order = np.zeros(len(written), _ORDER)
        order["there"] = order["live"] = 1
        order["high"], order["low"] = key
        order["written"] = written.to_numpy(zero_copy_only=False)
        return _binary(order)

    def _rest(self, length: int, expiry: Arrow) -> Arrow:
        rest = np.zeros(length, _REST)
        rest["schema"], rest["offline"] = self.group.schema_version, self.offline
        rest["high"], rest["low"] = _NEVER
        if expiry is not None:
            rest["high"] = [(each >> 64) & 0xFFFFFFFF for each in expiry]
            rest["low"] = [each & 0xFFFFFFFFFFFFFFFF for each in expiry]
        return _binary(rest)

    def _expiry(self, high: Arrow, low: Arrow) -> list[int] | None:
        """Expiries in nanoseconds, where the group's records have any."""
        group = self.group
        if group.online is None or group.online.ttl is None:
            return None
        kind, ttl = group.event_time_type, group.online.ttl.nanos
        pairs = zip(high.to_pylist(), low.to_pylist(), strict=True)
        return [event_time_nanos(event_key(*each), kind) + ttl for each in pairs]

    def _lifetimes(self, expiry: list[int] | None, now_ms: float, table: Arrow) -> Arrow:
        """Milliseconds that entries may stand, as texts; see ``memory_entries.lifetime_ms``."""
        spread = 1 - 0.2 * self.random.random(len(table))
        longest = LIFETIME_SECONDS * 1000 * spread
        if expiry is not None:
            left = np.array([each / 1e6 - now_ms for each in expiry])
            longest = np.minimum(longest, np.maximum(left, RACE_SECONDS * 1000))
        return pa.array(longest.astype(np.int64)).cast(pa.string()).cast(pa.binary())


def _wide(high: Arrow, low: Arrow) -> tuple[Arrow, Arrow]:
    """Event keys plus 2^95 as their upper 32 and lower 64 bits."""
    first = high.to_numpy(zero_copy_only=False)
    if low.null_count == len(low):  # Unix seconds: the key is the high column alone
        return (first >> 63) + _BIAS, first.view(np.uint64)
    upper = (first >> 32) * NANOS
    lower = (first & 0xFFFFFFFF) * NANOS + low.to_numpy(zero_copy_only=False)
    whole = (upper.astype(np.uint64) << np.uint64(32)) + lower.astype(np.uint64)
    return ((upper + (lower >> 32)) >> 32) + _BIAS, whole


def _binary(records: Arrow) -> Arrow:
    """Records of fixed size as binary values, not copied."""
    size = records.dtype.itemsize
    offsets = pa.array(np.arange(len(records) + 1, dtype=np.int32) * size)
    buffers = [None, offsets.buffers()[1], pa.py_buffer(records)]
    return pa.Array.from_buffers(pa.binary(), len(records), buffers)


def _bulk(values: Arrow) -> tuple[Arrow, ...]:
    """Values as RESP bulk strings, in parts to be joined."""
    lengths = pc.binary_length(values).cast(pa.string()).cast(pa.binary())
    return b"$", lengths, b"\r\n", values, b"\r\n"
