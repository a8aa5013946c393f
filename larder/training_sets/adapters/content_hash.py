"""A hash of a table's values that no order of rows, columns or files changes.

Each value is mixed with its row's number (``larder_row``) and summed, modulo 2^64 and in two lanes,
per column; the hash of the whole is SHA-256 over the columns' sums. So equal hashes mean, short of
forgery, equal values in equal rows. Whole numbers hash alike in every width, floats as doubles.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

ROW = "larder_row"
Array = Any  # pyarrow is untyped
Lanes = Any  # numpy's arrays of 64-bit whole numbers
_SEEDS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_NULL = np.uint64(0x165667B19E3779F9)


@dataclass(slots=True)
class ContentHash:
    """Sums up batches of a table, each with a column ``larder_row``."""

    sums: dict[str, list[int]] = field(default_factory=dict)
    rows: int = 0

    def add(self, batch: Array) -> None:
        """Take in a batch's rows."""
        numbers = batch.column(batch.schema.get_field_index(ROW)).to_numpy(zero_copy_only=False)
        places = [_mixed(numbers.astype(np.uint64) + seed) for seed in _SEEDS]
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if name == ROW:
                continue
            values = _value_hashes(column)
            sums = self.sums.setdefault(name, [0] * len(_SEEDS))
            for lane, place in enumerate(places):
                total = int(np.sum(_mixed(place ^ values), dtype=np.uint64))
                sums[lane] = (sums[lane] + total) % 2**64
        self.rows += len(batch)

    @property
    def columns(self) -> dict[str, str]:
        """The hash of each column."""
        return {name: "".join(f"{each:016x}" for each in sums) for name, sums in self.sums.items()}

    @property
    def value(self) -> str:
        """The hash of the whole."""
        lines = [f"{name}:{value}" for name, value in sorted(self.columns.items())]
        return hashlib.sha256("\n".join([str(self.rows), *lines]).encode()).hexdigest()


def _value_hashes(column: Array) -> Lanes:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date32(kind):
        whole = column.cast(pa.int32()) if pa.types.is_date32(kind) else column
        bits = _filled(whole.cast(pa.int64()), 0).view(np.uint64)
    elif pa.types.is_floating(kind):
        doubles = _filled(column.cast(pa.float64()), 0.0) + 0.0
        doubles[np.isnan(doubles)] = np.nan  # one NaN for all
        bits = doubles.view(np.uint64)
    else:
        bits = _text_bits(column)
    return np.where(_nulls(column), _NULL, _mixed(bits))


def _text_bits(column: Array) -> Lanes:
    """Sixty-four bits of BLAKE2 of each value; each distinct text is hashed once."""
    if not pa.types.is_string(column.type):
        column = pa.array(
            [None if v is None else _text(v) for v in column.to_pylist()], pa.string()
        )
    encoded = pc.dictionary_encode(column)
    distinct = [
        int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        for text in encoded.dictionary.to_pylist()
    ]
    return np.array([*distinct, 0], np.uint64)[_filled(encoded.indices.cast(pa.int64()), -1)]


def _text(value: object) -> str:
    return orjson.dumps(value, default=str).decode()


def _filled(column: Array, nothing: float) -> Lanes:
    return np.array(pc.fill_null(column, nothing).to_numpy(zero_copy_only=False))


def _nulls(column: Array) -> Lanes:
    return pc.is_null(column).to_numpy(zero_copy_only=False)


def _mixed(values: Lanes) -> Lanes:
    """SplitMix64's finalizer, on each."""
    mixed = values ^ (values >> np.uint64(30))
    mixed = mixed * np.uint64(0xBF58476D1CE4E5B9)
    mixed = mixed ^ (mixed >> np.uint64(27))
    mixed = mixed * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
