"""Files of rows, read batch by batch; each batch with the share of the file that was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv, ipc

from larder.tabular.frames import BATCH_ROWS

Arrow = Any  # pyarrow is untyped
_CSV_BLOCK = 4 * 1024 * 1024
_BUFFER = 1024 * 1024


@dataclass(slots=True)
class ParquetRows:
    """A Parquet file."""

    stream: Arrow
    file: Arrow
    batch_rows: int

    @classmethod
    def open(cls, filesystem: Arrow, path: str, batch_rows: int | None = None) -> ParquetRows:
        """Open it and read its footer."""
        stream = filesystem.open_input_file(path)
        return cls(
            stream,
            pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER),
            batch_rows or BATCH_ROWS,
        )

    @property
    def schema(self) -> Arrow:
        """Its columns."""
        return self.file.schema_arrow

    def __iter__(self) -> Iterator[tuple[Arrow, float]]:
        """Its rows."""
        total, read = max(1, self.file.metadata.num_rows), 0
        for batch in self.file.iter_batches(self.batch_rows):
            read += len(batch)
            yield batch, read / total

    def close(self) -> None:
        """Close it."""
        self.stream.close()


@dataclass(slots=True)
class CsvRows:
    """A text file with a header. Every cell is a text as it is written; an empty one is absent.

    The delimiter is the comma, semicolon, tab or pipe that the header has most of.
    """

    stream: Arrow
    reader: Arrow
    size: int

    @classmethod
    def open(cls, filesystem: Arrow, path: str) -> CsvRows:
        """Open it and read its header."""
        with _text(filesystem.open_input_file(path), path) as peeked:
            parse = csv.ParseOptions(delimiter=_delimiter(peeked.read(_BUFFER)))
        whole = _text(filesystem.open_input_file(path), path)
        with csv.open_csv(whole, parse_options=parse) as peeked:
            names = peeked.schema.names
        options = csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        stream = filesystem.open_input_file(path)
        read = csv.ReadOptions(block_size=_CSV_BLOCK, use_threads=False)
        size = filesystem.get_file_info(path).size or 1
        reader = csv.open_csv(
            _text(stream, path), read_options=read, parse_options=parse, convert_options=options
        )
        return cls(stream, reader, size)

    @property
    def schema(self) -> Arrow:
        """Its columns."""
        return self.reader.schema

    def __iter__(self) -> Iterator[tuple[Arrow, float]]:
        """Its rows."""
        for batch in self.reader:
            yield batch, self.stream.tell() / self.size

    def close(self) -> None:
        """Close it."""
        self.reader.close()
        self.stream.close()


@dataclass(slots=True)
class ArrowRows:
    """An Arrow IPC file, which Feather is too."""

    stream: Arrow
    reader: Arrow

    @classmethod
    def open(cls, filesystem: Arrow, path: str) -> ArrowRows:
        """Open it and read its footer."""
        stream = filesystem.open_input_file(path)
        return cls(stream, ipc.open_file(stream))

    @property
    def schema(self) -> Arrow:
        """Its columns."""
        return self.reader.schema

    def __iter__(self) -> Iterator[tuple[Arrow, float]]:
        """Its rows."""
        count = self.reader.num_record_batches
        for number in range(count):
            whole = self.reader.get_batch(number)
            for start in range(0, len(whole), BATCH_ROWS):
                yield whole.slice(start, BATCH_ROWS), (number + 1) / count

    def close(self) -> None:
        """Close it."""
        self.stream.close()


Rows = ParquetRows | CsvRows | ArrowRows
_READERS: dict[str, Callable[[Arrow, str], Rows]] = {
    ".parquet": ParquetRows.open,
    ".csv": CsvRows.open,
    ".csv.gz": CsvRows.open,
    ".tsv": CsvRows.open,
    ".tsv.gz": CsvRows.open,
    ".arrow": ArrowRows.open,
    ".feather": ArrowRows.open,
}
ENDINGS = tuple(_READERS)


def open_rows(filesystem: Arrow, path: str) -> Rows:
    """Open a file, whose kind its name's ending tells, in upper or lower case."""
    ending = next(each for each in ENDINGS if path.lower().endswith(each))
    return _READERS[ending](filesystem, path)


def _text(stream: Arrow, path: str) -> Arrow:
    """The file's text; unpacked where its name ends in .gz."""
    return pa.CompressedInputStream(stream, "gzip") if path.lower().endswith(".gz") else stream


def _delimiter(start: bytes) -> str:
    """The delimiter that a file's header has most of outside of quotes; a comma if it has none."""
    header = re.sub(rb'"[^"]*"', b"", start).lstrip().partition(b"\n")[0]
    return max(",;\t|", key=lambda each: header.count(each.encode()))
