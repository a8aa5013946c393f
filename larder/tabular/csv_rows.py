"""Text files with a header and cells between delimiters."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from pyarrow import csv

from larder.tabular.batches import Batch, Unread
from larder.tabular.reading import Reading
from larder.tabular.texts import Start, check_delimiter, look_at, open_text

Arrow = Any  # pyarrow is untyped
_BLOCK = 4 * 1024 * 1024
_TAIL = 4096
_BREAK = re.compile(r"[\r\n]")
_CURE = "quote cells that hold delimiters or line breaks, and double the quotes in them"


@dataclass(slots=True)
class _Ended:
    """A stream with a line break at its end.

    Without one Arrow takes an empty last cell for quoted where the cell before it is.
    """

    stream: Arrow
    closed: bool = False
    _is_over: bool = False

    def read(self, size: int) -> bytes:
        """As a file does."""
        parts: list[bytes] = []
        while not self._is_over and (left := size - sum(map(len, parts))) > 0:
            found = bytes(self.stream.read(left))
            self._is_over = not found
            parts.append(found or b"\n")
        return b"".join(parts)

    def close(self) -> None:
        """As a file does."""
        self.closed = True
        self.stream.close()


@dataclass(slots=True)
class CsvRows:
    """A text file with a header. Every cell is a text as it is written; an empty one is absent.

    A quoted empty cell is an empty text. A row with more or fewer cells than the header is unread.
    Blank lines are no rows.
    """

    filesystem: Arrow
    path: str
    start: Start
    schema: Arrow
    size: int
    stream: Arrow
    reader: Arrow = None
    _odd: deque[Any] = field(default_factory=deque)
    _number: int = 2  # Arrow's number of the next row; that of the header is 1
    _row: int = 0

    @classmethod
    def open(cls, filesystem: Arrow, path: str, address: str, reading: Reading) -> CsvRows:
        """Open it and read its header. A file of blanks has no column."""
        start = look_at(filesystem, path, address, reading)
        stream = filesystem.open_input_file(path)
        size = filesystem.get_file_info(path).size or 1
        rows = cls(filesystem, path, start, pa.schema([]), size, stream)
        if not start.header:
            return rows
        if reading.delimiter is not None:
            check_delimiter(start, address)
        names = rows._names()
        rows.schema = pa.schema([(name, pa.string()) for name in names])
        if start.has_rows:
            rows.reader = rows._reader(open_text(stream, start), names)
        return rows

    def __iter__(self) -> Iterator[Batch]:
        """Its rows."""
        if self.reader is None:
            return
        held: Batch | None = None
        for rows in self.reader:
            if held is not None:
                yield held
            held = self._placed(rows)
        if held is not None:
            yield self._closed(held)
        rest = self._placed(pa.RecordBatch.from_pylist([], schema=self.schema))
        if rest.unread:
            yield rest

    def close(self) -> None:
        """Close it."""
        if self.reader is not None:
            self.reader.close()
        self.stream.close()

    def _names(self) -> list[str]:
        header = pa.BufferReader(self.start.header.encode() + b"\n")
        read = csv.ReadOptions(use_threads=False)
        with csv.open_csv(header, read_options=read, parse_options=self._parsing()) as opened:
            return list(opened.schema.names)

    def _reader(self, text: Arrow, names: list[str]) -> Arrow:
        self._number += self.start.skipped
        return csv.open_csv(
            pa.PythonFile(_Ended(text), mode="r"),
            read_options=csv.ReadOptions(
                block_size=_BLOCK, use_threads=False, skip_rows=self.start.skipped
            ),
            parse_options=self._parsing(self._set_aside),
            convert_options=csv.ConvertOptions(
                check_utf8=False,  # a text that is no Unicode is its row's fault, not the file's
                column_types={name: pa.string() for name in names},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _parsing(self, handler: Any = None) -> Arrow:  # noqa: ANN401 - pyarrow is untyped
        return csv.ParseOptions(
            delimiter=self.start.delimiter,
            newlines_in_values=True,
            invalid_row_handler=handler,
        )

    def _set_aside(self, row: Any) -> str:  # noqa: ANN401 - pyarrow is untyped
        self._odd.append(row)
        return "skip"

    def _placed(self, rows: Arrow) -> Batch:
        """The rows with those among them that have too many or too few cells.

        Arrow tells of such rows as it parses, so all up to these are known.
        """
        start, left, unread = self._row, len(rows), list[Unread]()
        while left or (self._odd and self._odd[0].number == self._number):
            if self._odd and self._odd[0].number == self._number:
                odd = self._odd.popleft()
                self._number += 1
                if odd.text.strip(" \t".replace(self.start.delimiter, "")):  # else it is no row
                    unread.append(self._unread(odd))
                    self._row += 1
                continue
            step = min(left, self._odd[0].number - self._number) if self._odd else left
            left, self._number, self._row = left - step, self._number + step, self._row + step
        return Batch(rows, start, unread, min(1.0, self.stream.tell() / self.size))

    def _unread(self, odd: Any) -> Unread:  # noqa: ANN401 - pyarrow is untyped
        cells, wanted = odd.actual_columns, odd.expected_columns
        reason = f"the row has {cells} cells where the header has {wanted}"
        return Unread(self._row, reason, _CURE, odd.text)

    def _closed(self, last: Batch) -> Batch:
        """The last batch, without a row that a quote holds open to the end of the file."""
        count = len(last.rows)
        text = last.rows.column(last.rows.num_columns - 1)[count - 1].as_py() if count else None
        if text is None or not _BREAK.search(text) or self._tail().rstrip().endswith(b'"'):
            return last
        row = last.numbers()[-1]
        lines = len(text.splitlines())
        reason = f"a quote is opened and never closed, so {lines} lines are one cell"
        unread = [*last.unread, Unread(row, reason, _CURE, text)]
        unread.sort(key=lambda each: each.row)
        return replace(last, rows=last.rows.slice(0, count - 1), unread=unread)

    def _tail(self) -> bytes:
        tail = b""
        with closing(self.filesystem.open_input_file(self.path)) as raw:
            text = open_text(raw, self.start)
            while block := text.read(_BLOCK):
                tail = (tail + block)[-_TAIL:]
        return tail
