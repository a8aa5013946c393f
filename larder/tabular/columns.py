"""Label columns on their way through Athena and back.

Athena's Parquet keeps milliseconds of a timestamp and no zone, so timestamps travel as ISO-8601
texts; what the caller gave is restored from the type noted in the manifest.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError

Array = Any  # pyarrow is untyped
Type = Any
_TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=(.+))?\]")
_DECIMAL = re.compile(r"decimal128\((\d+), (\d+)\)")


def plain_type(kind: Type) -> Type:
    """The type of a column without the encodings that frames use: dictionaries, large strings."""
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


def stored_type(kind: Type, name: str) -> Type:
    """The type that represents a plain type in the labels' files.

    Raises:
        ValidationError: no type does.
    """
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_timestamp(kind):
        return pa.string()
    kept = (pa.types.is_boolean, pa.types.is_floating, pa.types.is_string, pa.types.is_date32)
    if any(is_kept(kind) for is_kept in kept) or _DECIMAL.fullmatch(str(kind)):
        return kind
    raise ValidationError(
        f"label column {name!r} holds {kind}, which a training set can't carry: drop it or make it "
        "numbers, texts, booleans, dates or timestamps"
    )


def stored(column: Array, kind: Type, name: str) -> Array:
    """The column as it is stored.

    Raises:
        ValidationError: an unsigned integer needs all of its 64 bits.
    """
    if pa.types.is_timestamp(kind):
        zoned = kind.tz is not None
        texts = column.cast(pa.timestamp(kind.unit, "UTC" if zoned else None)).cast(pa.string())
        return pc.replace_substring(texts, " ", "T")
    try:
        return column.cast(stored_type(kind, name))
    except pa.ArrowInvalid as error:
        raise ValidationError(f"label column {name!r}: {error}") from error


def restored(column: Array, kind: str) -> Array:
    """A stored column in the type it once had; ``kind`` is that type's name."""
    return column.cast(named_type(kind))


def named_type(kind: str) -> Type:
    """The type that Arrow prints so."""
    timestamp, decimal = _TIMESTAMP.fullmatch(kind), _DECIMAL.fullmatch(kind)
    if timestamp:
        return pa.timestamp(timestamp[1], timestamp[2])
    if decimal:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return pa.type_for_alias(kind.replace("date32[day]", "date32"))
