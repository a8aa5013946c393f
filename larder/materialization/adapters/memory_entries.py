"""Entries of the in-memory tier made of columns, byte by byte those of single versions.

Their layout is that of ``larder.memory.entry``, the requests' that of ``larder.valkey.requests``.
Here NumPy writes the heads and Arrow joins the parts.
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
from larder.memory.entry import (
    EVENT_KEY_BIAS,
    NEVER,
    ORDER,
    RACE_SECONDS,
    REST,
    Members,
    item_memory_key,
    longest_ms,
)
from larder.records.keys import HASHED_FROM_BYTES, PLAIN, sort_key
from larder.valkey.requests import BULK_LENGTH, END, bulk_string, script_head

Arrow = Any  # pyarrow and NumPy's records are untyped
_WIDE = [("high", ">u4"), ("low", ">u8")]  # an integer of 96 bits
_KINDS = {"B": "u1", "H": ">u2", "I": ">u4", "Q": ">u8", "12s": _WIDE}
_LOW = (1 << 64) - 1


def _records_of(members: Members) -> Arrow:
    return np.dtype([(name, _KINDS[kind]) for name, kind in members])


_ORDER, _REST = _records_of(ORDER), _records_of(REST)
_ARGUMENTS = 5


@dataclass(slots=True)
class Entries:
    """Compare-and-set requests of live versions in their first life, for one group.

    ``offline`` is what entries say of the offline store: 2 where the rows are there, else 0.
    ``epoch`` is part of their keys (``memory_key``).
    """

    group: FeatureGroup
    offline: int
    epoch: str = ""
    random: Arrow = field(default_factory=np.random.default_rng)

    def requests(self, keyed: Arrow, *, now_ms: float, deadline_ms: float) -> tuple[Arrow, Arrow]:
        """Valkey's keys, and whole requests, of a keyed table (``bulk.versions``)."""
        table = keyed.combine_chunks()
        columns = {name: table.column(name).combine_chunks() for name in table.column_names}
        key = _wide(columns["high"], columns["low"])
        expiry = self._expiry(columns["high"], columns["low"])
        rest = pc.binary_join_element_wise(self._rest(len(table), expiry), columns["packed"], b"")
        keys, lifetimes = self._keys(columns["identifier"]), self._lifetimes(expiry, now_ms, table)
        request = pc.binary_join_element_wise(
            script_head(COMPARE_AND_SET, arguments=_ARGUMENTS),
            *_bulk(keys),
            *_bulk(self._order(key, columns["written"])),
            *_bulk(rest),
            *_bulk(lifetimes),
            bulk_string(b"%d" % deadline_ms),
            *_bulk(lifetimes),
            b"",
        )
        return keys, request

    def _keys(self, identifiers: Arrow) -> Arrow:
        prefix = item_memory_key(self.group.uid, PLAIN, self.epoch)
        keys = pc.binary_join_element_wise(prefix, identifiers.cast(pa.binary()), b"")
        long = pc.greater_equal(pc.binary_length(identifiers), HASHED_FROM_BYTES)
        if not pc.any(long).as_py():
            return keys
        uid, texts = self.group.uid, identifiers.to_pylist()
        sorts = map(sort_key, texts)
        return pa.array([item_memory_key(uid, each, self.epoch) for each in sorts], pa.binary())

    def _order(self, key: tuple[Arrow, Arrow], written: Arrow) -> Arrow:
        order: Arrow = np.zeros(len(written), _ORDER)
        order["there"] = order["live"] = 1
        order["event_key"]["high"], order["event_key"]["low"] = key
        order["write_time"] = written.to_numpy(zero_copy_only=False)
        return _binary(order)

    def _rest(self, length: int, expiry: Arrow) -> Arrow:
        rest: Arrow = np.zeros(length, _REST)
        rest["schema_version"], rest["offline"] = self.group.schema_version, self.offline
        wide = rest["expiry"]
        wide["high"], wide["low"] = NEVER >> 64, NEVER & _LOW
        if expiry is not None:
            wide["high"] = [(each >> 64) & 0xFFFFFFFF for each in expiry]
            wide["low"] = [each & _LOW for each in expiry]
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
        """Milliseconds that entries live, as texts; see ``larder.memory.entry.lifetime_ms``."""
        longest: Arrow = longest_ms(self.random.random(len(table)))
        if expiry is not None:
            left = np.array([each / 1e6 - now_ms for each in expiry])
            longest = np.minimum(longest, np.maximum(left, RACE_SECONDS * 1000))
        return pa.array(longest.astype(np.int64)).cast(pa.string()).cast(pa.binary())


def _wide(high: Arrow, low: Arrow) -> tuple[Arrow, Arrow]:
    """Event keys plus ``EVENT_KEY_BIAS``, as their upper 32 and lower 64 bits."""
    bias = EVENT_KEY_BIAS >> 64
    first = high.to_numpy(zero_copy_only=False)
    if low.null_count == len(low):  # Unix seconds: the key is the high column alone
        return (first >> 63) + bias, first.view(np.uint64)
    upper = (first >> 32) * NANOS
    lower = (first & 0xFFFFFFFF) * NANOS + low.to_numpy(zero_copy_only=False)
    whole = (upper.astype(np.uint64) << np.uint64(32)) + lower.astype(np.uint64)
    return ((upper + (lower >> 32)) >> 32) + bias, whole


def _binary(records: Arrow) -> Arrow:
    """Records of fixed size as binary values, not copied."""
    size = records.dtype.itemsize
    offsets = pa.array(np.arange(len(records) + 1, dtype=np.int32) * size)
    buffers = [None, offsets.buffers()[1], pa.py_buffer(records)]
    return pa.Array.from_buffers(pa.binary(), len(records), buffers)


def _bulk(values: Arrow) -> tuple[Arrow, ...]:
    """Values as RESP bulk strings, in parts to be joined."""
    lengths = pc.binary_length(values).cast(pa.string()).cast(pa.binary())
    return BULK_LENGTH, lengths, END, values, END
