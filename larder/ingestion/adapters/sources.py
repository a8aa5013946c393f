"""Rows to ingest: frames in memory, and files on this machine or S3, read as they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

from larder.errors import ValidationError
from larder.offline.adapters.iceberg.catalog import open_files
from larder.tabular.columns import plain_type
from larder.tabular.files import ENDINGS, open_rows
from larder.tabular.folders import folder_columns
from larder.tabular.frames import BATCH_ROWS, of_frame

Arrow = Any  # pyarrow is untyped
_MAGIC = frozenset("*?[")


@dataclass(slots=True)
class FrameSource:
    """Implements ``larder.ingestion.ports.BulkSource`` over a pandas, Polars or Arrow frame."""

    table: Arrow
    _read: int = 0

    @property
    def schema(self) -> Arrow:
        """The columns."""
        return self.table.schema

    @property
    def fingerprint(self) -> str:
        """See the port: a hash of columns and number of rows, not of every value."""
        return _digest([f"{self.table.schema.remove_metadata()}", str(len(self.table))])

    def batches(self) -> Iterator[Arrow]:
        for batch in self.table.to_batches(max_chunksize=BATCH_ROWS):
            self._read += len(batch)
            yield batch

    def fraction(self) -> float | None:
        return self._read / len(self.table) if len(self.table) else 1.0


@dataclass(slots=True)
class FileSource:
    """Implements ``larder.ingestion.ports.BulkSource`` over files with the same columns by name.

    Folders ``column=value`` on a file's path are columns of its rows. Each batch has the types of
    its own file.
    """

    filesystem: Arrow
    files: Sequence[Arrow]
    schema: Arrow
    _done: int = 0
    _within: float = 0.0

    @classmethod
    def open(cls, filesystem: Arrow, files: Sequence[Arrow]) -> FileSource:
        """Read the columns of all files, of which there is at least one. Empty ones are left out.

        Raises:
            ValidationError: they have other columns, or types that do not go together.
        """
        files = [each for each in files if each.size != 0]
        if not files:
            raise ValidationError("every file is empty: there is no column to read")
        schema, first = None, ""
        for each in files:
            try:
                with closing(open_rows(filesystem, each.path)) as opened:
                    found = _with_folders(opened.schema.remove_metadata(), each.path)
            except pa.ArrowInvalid as error:
                raise ValidationError(f"{each.path} can't be read: {error}") from error
            schema = found if schema is None else _together(schema, first, found, each.path)
            first = first or each.path
        return cls(filesystem, files, schema)

    @property
    def fingerprint(self) -> str:
        """See the port: a hash of the files' names and sizes, and of when they were changed."""
        return _digest([f"{f.path} {f.size} {f.mtime_ns}" for f in self.files])

    def batches(self) -> Iterator[Arrow]:
        """See the port.

        Raises:
            ValidationError: a file can't be read to its end.
        """
        for each in self.files:
            try:
                with closing(open_rows(self.filesystem, each.path)) as opened:
                    for batch, share in opened:
                        self._within = share * (each.size or 0)
                        yield _placed(batch, each.path)
            except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
                raise ValidationError(f"{each.path} can't be read to its end: {error}") from error
            self._done, self._within = self._done + (each.size or 0), 0.0

    def fraction(self) -> float | None:
        """See the port: by the bytes of the files."""
        total = sum(each.size or 0 for each in self.files)
        return min(1.0, (self._done + self._within) / total) if total else None


def open_source(given: Any, event_time: str) -> FrameSource | FileSource:  # noqa: ANN401
    """A frame, or what lies at an address: a file, a folder, a pattern; on S3 as ``s3://…``.

    ``event_time`` is the column whose times must have a zone.

    Raises:
        ValidationError: nothing lies there, or it can't be read.
    """
    if not isinstance(given, str | Path):
        rows = of_frame(given, event_time, labels=False)
        return FrameSource(pa.Table.from_batches(rows.batches, rows.schema))
    address = str(given)
    try:
        filesystem, found = _found(address)
        files = [each for each in found if each.is_file and each.path.lower().endswith(ENDINGS)]
        if not files:
            kinds = ", ".join(ENDINGS)
            raise ValidationError(f"there is no file to read at {address}: files end in {kinds}")
        return FileSource.open(filesystem, sorted(files, key=lambda each: str(each.path)))
    except pa.ArrowInvalid as error:
        raise ValidationError(f"{address} can't be read: {error}") from error
    except FileNotFoundError as error:
        raise ValidationError(f"there is nothing at {address}") from error


def _with_folders(schema: Arrow, path: str) -> Arrow:
    """The columns of a file, then those of its folders that the file does not hold itself."""
    for name in folder_columns(path):
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.string()))
    return schema


def _placed(batch: Arrow, path: str) -> Arrow:
    """The rows with the columns of their file's folders."""
    for name, value in folder_columns(path).items():
        if name not in batch.schema.names:
            batch = batch.append_column(name, pa.array([value] * len(batch), pa.string()))
    return batch


def _together(schema: Arrow, first: str, other: Arrow, path: str) -> Arrow:
    """The columns of both files; a column without any value takes the other's type.

    Raises:
        ValidationError: a column is in one file alone, or its types do not go together.
    """
    for name in sorted(set(schema.names) ^ set(other.names)):
        has, lacks = (first, path) if name in schema.names else (path, first)
        raise ValidationError(f"{lacks} has no column {name!r}, which {has} has: add it there")
    fields = []
    for each in schema:
        one, two = plain_type(each.type), plain_type(other.field(each.name).type)
        if pa.types.is_null(each.type):
            one = other.field(each.name).type
        elif not pa.types.is_null(other.field(each.name).type) and _family(one) != _family(two):
            raise ValidationError(
                f"column {each.name!r} holds {two} in {path} but {one} in {first}: "
                "write it with one type"
            )
        fields.append(pa.field(each.name, one))
    return pa.schema(fields)


def _family(kind: Arrow) -> str:
    """Types whose values are checked alike, one by one: numbers, and texts of them."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_string)
    return "scalar" if any(is_kind(kind) for is_kind in tests) else str(kind)


def _found(address: str) -> tuple[Arrow, list[Arrow]]:
    remote = address.startswith("s3://")
    if remote:
        bucket = address.removeprefix("s3://").partition("/")[0]
        filesystem = open_files().fs_by_scheme("s3", bucket)
        path = address.removeprefix("s3://").rstrip("/")
    else:
        filesystem, path = fs.LocalFileSystem(), str(Path(address).absolute())
    if _MAGIC & set(path):
        return filesystem, _matching(filesystem, path, remote=remote)
    info = filesystem.get_file_info(path)
    if info.type == fs.FileType.Directory:
        selector = fs.FileSelector(path, recursive=True)
        return filesystem, [f for f in filesystem.get_file_info(selector) if _is_seen(f.base_name)]
    if info.type == fs.FileType.NotFound:
        raise FileNotFoundError(path)
    return filesystem, [info]


def _matching(filesystem: Arrow, pattern: str, *, remote: bool) -> list[Arrow]:
    if not remote:
        root = Path(pattern).anchor
        found = sorted(map(str, Path(root).glob(str(Path(pattern).relative_to(root)))))
        return list(filesystem.get_file_info(found))
    folder = pattern[: min(pattern.index(each) for each in _MAGIC if each in pattern)]
    selector = fs.FileSelector(folder.rpartition("/")[0], recursive=True, allow_not_found=True)
    found = filesystem.get_file_info(selector)
    return [each for each in found if Path(each.path).match(pattern)]


def _is_seen(name: str) -> bool:
    return not name.startswith(("_", "."))


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
