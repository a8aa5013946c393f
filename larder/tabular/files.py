"""Files of rows by their kind, read batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
from pyarrow import ipc

from larder.errors import ValidationError
from larder.tabular.batches import Batch, rows_at_once
from larder.tabular.csv_rows import CsvRows
from larder.tabular.json_rows import JsonRows
from larder.tabular.reading import Reading
from larder.tabular.typed_rows import TypedRows

Arrow = Any  # pyarrow is untyped
_BUFFER = 1024 * 1024
_PACKED = ".gz"
PARQUET, CSV, JSON, ARROW = "Parquet", "CSV", "JSON lines", "Arrow"
_KINDS = {
    ".parquet": PARQUET,
    ".csv": CSV,
    ".tsv": CSV,
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".arrow": ARROW,
    ".feather": ARROW,
}
_MAGIC = {b"PAR1": PARQUET, b"ARROW1": ARROW}
ENDINGS = ", ".join(_KINDS)


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
        file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER)
        return cls(stream, file, batch_rows or rows_at_once(len(file.schema_arrow)))

    @property
    def schema(self) -> Arrow:
        """Its columns."""
        return self.file.schema_arrow

    def __iter__(self) -> Iterator[Batch]:
        """Its rows."""
        total, read = max(1, self.file.metadata.num_rows), 0
        for rows in self.file.iter_batches(self.batch_rows):
            yield Batch(rows, read, share=(read + len(rows)) / total)
            read += len(rows)

    def close(self) -> None:
        """Close it."""
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

    def __iter__(self) -> Iterator[Batch]:
        """Its rows."""
        count, read = self.reader.num_record_batches, 0
        most = rows_at_once(len(self.schema))
        for number in range(count):
            whole = self.reader.get_batch(number)
            for start in range(0, len(whole), most):
                rows = whole.slice(start, most)
                yield Batch(rows, read, share=(number + 1) / count)
                read += len(rows)

    def close(self) -> None:
        """Close it."""
        self.stream.close()


Rows = ParquetRows | CsvRows | TypedRows | JsonRows | ArrowRows


def kind_of(name: str) -> str | None:
    """The kind that a file's name tells by its ending, in upper or lower case.

    Files of text may be packed by gzip, whatever they are called; ``.gz`` may follow the ending.
    """
    lowered = name.lower()
    plain = lowered.removesuffix(_PACKED)
    kind = next((kind for ending, kind in _KINDS.items() if plain.endswith(ending)), None)
    return kind if plain == lowered or kind in (CSV, JSON) else None


def kind_inside(filesystem: Arrow, path: str) -> str | None:
    """The kind that a file's first bytes tell, if they do."""
    with filesystem.open_input_file(path) as stream:
        start = stream.read(max(map(len, _MAGIC)))
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


@dataclass(frozen=True, slots=True)
class Opening:
    """How files are opened.

    ``texts`` are the columns that stay as they are written in CSV, where the types of the others
    are inferred; ``None`` means that every cell stays so.
    """

    reading: Reading = Reading()  # noqa: RUF009 - a frozen value
    texts: Collection[str] | None = None

    def open(self, filesystem: Arrow, path: str, kind: str, address: str) -> Rows:
        """Open a file of that kind; ``failures.readable`` is to be around it."""
        if kind == CSV:
            rows = CsvRows.open(filesystem, path, address, self.reading)
            return rows if self.texts is None else TypedRows.open(rows, self.texts)
        if kind == JSON:
            return JsonRows.open(filesystem, path, address, self.reading)
        readers: dict[str, Callable[[Arrow, str], Rows]] = {
            PARQUET: ParquetRows.open,
            ARROW: ArrowRows.open,
        }
        return readers[kind](filesystem, path)


def unknown_kind(address: str) -> ValidationError:
    """The error for a file whose kind neither its name nor its first bytes tell."""
    return ValidationError(
        f"{address} is of no kind that can be read: names end in {ENDINGS}, files of text in .gz "
        "too, in upper or lower case; rename it, or name the files by a pattern such as '*.csv'"
    )
