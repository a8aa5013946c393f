"""The packed form of a record's values: one byte string, ordered by the features' ordinals.

The form is a JSON array: element *n* is the value of feature *n* as it was sent: a string, or an
array of strings for a collection. It is ``null`` where the feature is absent; trailing nulls are
cut. Values come back verbatim, and a feature added later reads as absent. Both directions run at
the speed of a C JSON codec, which no framing parsed in Python reaches. The first byte is ``[``, so
another form can be told apart later.

What packs whole columns at once (``larder.ingestion.adapters.packing``) takes the parts of the form
from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

Value = str | list[str]
OPEN, SEPARATOR, CLOSE = "[", ",", "]"


def pack(values: Mapping[int, Value]) -> bytes:
    """Pack values by ordinal; at least one value is expected (the identifier)."""
    row: list[Value | None] = [None] * (max(values) + 1)
    for ordinal, value in values.items():
        row[ordinal] = value
    return orjson.dumps(row)


def element(value: Value | None) -> str:
    """One element of the form; ``None`` is an absent value."""
    return orjson.dumps(value).decode()


def unpack(packed: bytes) -> Sequence[Value | None]:
    """The values by ordinal; features beyond the end of the sequence are absent.

    Raises:
        ValueError: the bytes were not written by ``pack``.
    """
    row = orjson.loads(packed)
    if not isinstance(row, list):
        raise ValueError("packed values are not an array")
    return row
