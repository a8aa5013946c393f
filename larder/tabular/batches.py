"""Rows as readers give them: Arrow columns, the rows' numbers, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

BATCH_ROWS = 65_536
_CELLS = 20 * BATCH_ROWS
_LEAST_ROWS = 256
Arrow = Any  # pyarrow is untyped


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that has no cells to judge: its number in the file, why, the cure, and its text.

    ``column`` is the one that can't be read, where it is one.
    """

    row: int
    reason: str
    cure: str
    text: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one file or frame, without a gap between them.

    ``start`` is the number in the file of the first row, from 0 and without the header. ``unread``
    are the rows among them that have no cells in ``rows``. ``share`` of the file was read so far.
    ``file`` is its address; a frame has none.
    """

    rows: Arrow
    start: int
    unread: Sequence[Unread] = ()
    share: float = 1.0
    file: str = ""

    @property
    def count(self) -> int:
        """How many rows of the file it covers."""
        return len(self.rows) + len(self.unread)

    def numbers(self) -> Sequence[int]:
        """The number in the file of each row in ``rows``."""
        every = range(self.start, self.start + self.count)
        gone = {each.row for each in self.unread}
        return [each for each in every if each not in gone] if gone else every


def rows_at_once(columns: int) -> int:
    """How many rows of so many columns are held at once: fewer where they are wide."""
    return max(min(BATCH_ROWS, _LEAST_ROWS), min(BATCH_ROWS, _CELLS // max(1, columns)))


def legible(batch: Batch, columns: Iterable[str]) -> Batch:
    """The batch without the rows whose texts in these columns are no Unicode; those are unread."""
    found: dict[int, Unread] = {}
    numbers = batch.numbers()
    for name in columns:
        column = batch.rows.column(name)
        if _is_sound(column):
            continue
        for place, row in enumerate(numbers):
            if place not in found and (odd := _odd_text(column, place)) is not None:
                found[place] = Unread(row, *_ILLEGIBLE, text=odd, column=name)
    if not found:
        return batch
    kept = pa.array([place not in found for place in range(len(numbers))])
    unread = sorted([*batch.unread, *found.values()], key=lambda each: each.row)
    return replace(batch, rows=batch.rows.filter(kept), unread=unread)


_ILLEGIBLE = (
    "the text is not UTF-8",
    "write it in UTF-8, or say which encoding a text file has (--encoding latin-1)",
)


def _is_sound(column: Arrow) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _odd_text(column: Arrow, place: int) -> str | None:
    """The bytes of a text that is no Unicode, as far as they can be shown; else ``None``."""
    try:
        column[place].as_py()
    except UnicodeDecodeError as error:
        return bytes(error.object).decode(errors="backslashreplace")
    return None
