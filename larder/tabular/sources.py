"""The one reader of rows: frames in memory, and files on this machine or S3."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError
from larder.tabular.addresses import Found, OpenRemote, find_files
from larder.tabular.batches import Batch, rows_at_once
from larder.tabular.failures import readable
from larder.tabular.files import JSON, Opening
from larder.tabular.frames import of_frame
from larder.tabular.together import Together

Arrow = Any  # pyarrow is untyped


@dataclass(slots=True)
class FrameSource:
    """Rows of a frame, which has no address."""

    table: Arrow
    _read: int = 0

    @property
    def schema(self) -> Arrow:
        """The columns."""
        return self.table.schema

    @property
    def fingerprint(self) -> str:
        """What tells it from others: a hash of columns and number of rows, not of every value."""
        return _digest([f"{self.table.schema.remove_metadata()}", str(len(self.table))])

    def batches(self) -> Iterator[Batch]:
        """The rows, from the first on."""
        self._read = 0
        for rows in self.table.to_batches(max_chunksize=rows_at_once(len(self.schema))):
            yield Batch(rows, self._read)
            self._read += len(rows)

    def fraction(self) -> float | None:
        """The share that was read so far."""
        return self._read / len(self.table) if len(self.table) else 1.0


@dataclass(slots=True)
class FileSource:
    """Rows of files with the same columns by name.

    Folders ``column=value`` below the one that was named are columns of their files' rows. Where
    ``opening`` infers types each batch has those of ``schema``, else those of its own file.
    """

    filesystem: Arrow
    files: Sequence[Found]
    schema: Arrow
    opening: Opening
    _done: int = 0
    _within: float = 0.0

    @classmethod
    def open(cls, filesystem: Arrow, files: Sequence[Found], opening: Opening) -> FileSource:
        """Read the columns of all files. One without a column has no rows either.

        Raises:
            ValidationError: they have other columns, or types that do not go together.
        """
        together, kept = Together(widens=opening.texts is not None), []
        for each in files:
            with (
                readable(each.address),
                closing(_opened(filesystem, each, opening)) as opened,
            ):
                columns = opened.schema.remove_metadata()
            if columns.names:
                together.add(_with_folders(columns, each), each.address, gaps=each.kind == JSON)
                kept.append(each)
        return cls(filesystem, kept, together.schema, opening)

    @property
    def fingerprint(self) -> str:
        """What tells it from others: a hash of the files' names, sizes and times of change."""
        return _digest([f"{f.path} {f.size} {f.changed}" for f in self.files])

    def batches(self) -> Iterator[Batch]:
        """The rows, from the first on.

        Raises:
            ValidationError, AccessForbidden, ServiceUnavailable: a file can't be read to its end.
        """
        self._done = 0
        for each in self.files:
            with (
                readable(each.address),
                closing(_opened(self.filesystem, each, self.opening)) as opened,
            ):
                for batch in opened:
                    self._within = batch.share * each.size
                    rows = self._placed(batch.rows, each)
                    yield replace(batch, rows=rows, file=each.address)
            self._done, self._within = self._done + each.size, 0.0

    def fraction(self) -> float | None:
        """The share that was read so far, by the bytes of the files."""
        total = sum(each.size for each in self.files)
        return min(1.0, (self._done + self._within) / total) if total else None

    def _placed(self, rows: Arrow, file: Found) -> Arrow:
        """The rows with the columns of their file's folders, and with those that JSON left out."""
        for name in self.schema.names:
            if name not in rows.schema.names:
                cells = [file.folders.get(name)] * len(rows)
                rows = rows.append_column(name, pa.array(cells, pa.string()))
        if self.opening.texts is None:
            return rows
        columns = [_cast(rows.column(field.name), field, file.address) for field in self.schema]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


Source = FrameSource | FileSource


def open_source(given: Any, remote: OpenRemote, opening: Opening) -> Source:  # noqa: ANN401
    """A frame, or what lies at an address: a file, a folder, a pattern; on S3 as ``s3://…``.

    Raises:
        ValidationError: nothing lies there, or it can't be read.
    """
    if not isinstance(given, str | Path):
        return FrameSource(of_frame(given, mixed=opening.texts is None))
    return FileSource.open(*find_files(str(given), remote), opening)


def _opened(filesystem: Arrow, file: Found, opening: Opening) -> Any:  # noqa: ANN401
    return opening.open(filesystem, file.path, file.kind, file.address)


def _with_folders(schema: Arrow, file: Found) -> Arrow:
    """The columns of a file, then those of its folders that the file does not hold itself."""
    for name in file.folders:
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.string()))
    return schema


def _cast(column: Arrow, field: Arrow, address: str) -> Arrow:
    if column.type == field.type:
        return column
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise ValidationError(
            f"column {field.name!r} in {address} can't be {field.type}, as in other files: {error}"
        ) from error


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
