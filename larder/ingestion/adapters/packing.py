"""The packed form of records (``larder.records.codec``), made column by column.

DuckDB writes a double as Python's ``repr`` does: the shortest text that denotes it. So a value has
one text whichever way it came (a test compares both on random bits).
"""

# ruff: noqa: S608 - the only names in the statements are our own
from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from larder.records.codec import CLOSE, OPEN, SEPARATOR, element

Array = Any  # pyarrow is untyped
Connection = Any
_ABSENT = element(None)
_SPECIAL = "regexp_matches({0}, '[\\x00-\\x1f\"\\\\]')"


class Packer:
    """Packs columns, on one thread; not to be shared between threads."""

    def __init__(self) -> None:
        self._duck: Connection = duckdb.connect(config={"threads": 1, "memory_limit": "200MB"})

    def pack(self, columns: Sequence[Array]) -> Array:
        """What ``codec.pack`` makes of each row's values; binary.

        Columns are by ordinal, as texts, 64-bit integers, doubles, or lists of those.
        """
        parts = [
            f"coalesce({_json(f'c{place}', column.type)}, '{_ABSENT}')"
            for place, column in enumerate(columns)
        ]
        # One call of many arguments: a chain of || is as deep as the row is wide, and DuckDB
        # refuses expressions more than 1,000 deep.
        row = f"'{OPEN}' || concat_ws('{SEPARATOR}', {', '.join(parts)}) || '{CLOSE}'"
        trimmed = f"regexp_replace({row}, '({SEPARATOR}{_ABSENT})+\\{CLOSE}$', '{CLOSE}')"
        return self._query(columns, f"encode({trimmed})", pa.binary())

    def texts(self, column: Array) -> Array:
        """Numbers as texts."""
        return self._query([column], "CAST(c0 AS VARCHAR)", pa.string())

    def _query(self, columns: Sequence[Array], expression: str, kind: Any) -> Array:  # noqa: ANN401
        names = [f"c{place}" for place in range(len(columns))]
        given = self._duck.from_arrow(pa.Table.from_arrays(list(columns), names=names))
        found = given.query("given", f"SELECT {expression} AS r FROM given").to_arrow_table()
        return found.column(0).cast(kind).combine_chunks()


def _json(name: str, kind: Any) -> str:  # noqa: ANN401 - pyarrow is untyped
    if pa.types.is_list(kind):
        scalars = f"[{_scalar('x', kind.value_type)} for x in {name}]"
        return f"'{OPEN}' || array_to_string({scalars}, '{SEPARATOR}') || '{CLOSE}'"
    return _scalar(name, kind)


def _scalar(name: str, kind: Any) -> str:  # noqa: ANN401 - pyarrow is untyped
    if not pa.types.is_string(kind):
        return f"'\"' || CAST({name} AS VARCHAR) || '\"'"
    special = _SPECIAL.format(name)
    escaped = f"CASE WHEN {special} THEN {_escapes().format(name)} ELSE {name} END"
    return f"'\"' || {escaped} || '\"'"


@cache
def _escapes() -> str:
    """An expression that escapes text as the codec does; ``{0}`` is the text."""
    expression = "{0}"
    for character in ("\\", '"', *map(chr, range(32))):  # first what the others' escapes bring in
        escaped = element(character)[1:-1]
        expression = f"replace({expression}, chr({ord(character)}), '{escaped}')"
    return expression
