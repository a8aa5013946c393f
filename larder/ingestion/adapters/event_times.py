"""Columns of event times: which surely are some, and how they order."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.event_time import NANOS

Array = Any  # pyarrow is untyped
_DAY = (
    r"(?:\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)|\d\d(?:0[48]|[2468][048]|[13579][26])-02-29)"
)
_ISO = rf"^{_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{{1,9}})?Z$"
_YEARS = (-62_167_219_200.0, 253_402_300_800.0)
"""Unix seconds of the years 0 and 10000, between which event times lie."""


def is_event_time(typed: Array) -> Array:
    """A mask of the values that surely are event times: ISO texts, or Unix seconds."""
    if pa.types.is_string(typed.type):
        return pc.fill_null(pc.match_substring_regex(typed, _ISO), False)
    within = pc.and_(pc.greater_equal(typed, _YEARS[0]), pc.less(typed, _YEARS[1]))
    return pc.fill_null(within, False)


def event_keys(typed: Array) -> tuple[Array, Array]:
    """Ordering keys of ``larder.event_time`` in two columns of 64 bits: high x 10^9 + low.

    Nanoseconds of the years 0 to 9999 take more than 64 bits. Of Unix seconds the key is the high
    column alone, and the low one is null.
    """
    if pa.types.is_string(typed.type):
        seconds = pc.utf8_slice_codeunits(typed, 0, 19).cast(pa.timestamp("s")).cast(pa.int64())
        digits = pc.utf8_rtrim(pc.utf8_slice_codeunits(typed, 20), "Z")
        return seconds, pc.utf8_rpad(digits, 9, "0").cast(pa.int64())
    bits = pc.add(typed, 0.0).view(pa.int64())
    below = pc.negate(pc.bit_wise_and(bits, pa.scalar(2**63 - 1, pa.int64())))
    keys = pc.if_else(pc.greater_equal(bits, 0), bits, below)
    return keys, pa.nulls(len(typed), pa.int64())


def event_key(high: int, low: int | None) -> int:
    """The key in two columns, as one."""
    return high if low is None else high * NANOS + low
