"""The packed form of records (``larder.records.codec``), made column by column.

DuckDB writes a double as Python's ``repr`` does: the shortest text that denotes it. So a value has
one text whichever way it came (a test compares both on random bits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from larder.records.codec import CLOSE, OPEN, SEPARATOR, element

Array = Any  # pyarrow is untyped
Connection = Any
_ABSENT = element(None)
_SPECIAL = '[\\x00-\\x1f"\\\\]'
_TRAILING = f"(?:{SEPARATOR}{_ABSENT})+\\{CLOSE}$"
_QUOTE = '"'


class Packer:
    """Packs columns, on one thread; not to be shared between threads."""

    def __init__(self) -> None:
        self._duck: Connection = duckdb.connect(config={"threads": 1, "memory_limit": "200MB"})

    def pack(self, columns: Sequence[Array]) -> Array:
        """What ``codec.pack`` makes of each row's values; binary.

        Columns are by ordinal, as texts, 64-bit integers, doubles, or lists of those.
        """
        elements: dict[int, Array] = {}
        for test in (pa.types.is_string, pa.types.is_floating, _is_other_scalar):
            elements |= self._scalars({n: c for n, c in enumerate(columns) if test(c.type)})
        for place, column in enumerate(columns):
            if place not in elements:
                elements[place] = self._lists(column)
        joined = pc.binary_join_element_wise(*(elements[n] for n in range(len(columns))), SEPARATOR)
        rows = pc.binary_join_element_wise(OPEN, joined, CLOSE, "")
        if columns[-1].null_count:
            rows = pc.replace_substring_regex(rows, _TRAILING, CLOSE)
        return rows.cast(pa.binary())

    def texts(self, column: Array) -> Array:
        """Numbers as texts."""
        if not pa.types.is_floating(column.type):
            return column.cast(pa.string())
        given = self._duck.from_arrow(pa.Table.from_arrays([column], names=["c"]))
        found = given.query("given", "SELECT CAST(c AS VARCHAR) AS r FROM given").to_arrow_table()
        return found.column(0).cast(pa.string()).combine_chunks()

    def _scalars(self, columns: Mapping[int, Array]) -> dict[int, Array]:
        """The elements of columns of one kind, made of all at once: each call takes its time."""
        if not columns:
            return {}
        values = list(columns.values())
        elements = self._elements(pa.concat_arrays(values) if len(values) > 1 else values[0])
        length = len(values[0])
        return {n: elements.slice(at * length, length) for at, n in enumerate(columns)}

    def _elements(self, values: Array) -> Array:
        """Each scalar's element of the form."""
        texts = _escaped(values) if pa.types.is_string(values.type) else self.texts(values)
        return pc.coalesce(pc.binary_join_element_wise(_QUOTE, texts, _QUOTE, ""), _ABSENT)

    def _lists(self, column: Array) -> Array:
        joined = pc.binary_join(relisted(column, self._elements(column.flatten())), SEPARATOR)
        return pc.coalesce(pc.binary_join_element_wise(OPEN, joined, CLOSE, ""), _ABSENT)


def _is_other_scalar(kind: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    others = (pa.types.is_list, pa.types.is_string, pa.types.is_floating)
    return not any(is_kind(kind) for is_kind in others)


def _escaped(texts: Array) -> Array:
    """Texts with the escapes that the codec has within quotes."""
    special = pc.fill_null(pc.match_substring_regex(texts, _SPECIAL), False)
    if not pc.any(special).as_py():
        return texts
    found = [element(text)[1:-1] for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(texts, special, pa.array(found, pa.string()))


def relisted(given: Array, items: Array) -> Array:
    """Other items in the same lists; absent lists stay absent."""
    lengths = pc.fill_null(pc.list_value_length(given), 0)
    ends = pc.cumulative_sum(lengths.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, items, mask=pc.is_null(given))
