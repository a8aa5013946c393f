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
from larder.tabular.files import ENDINGS, open_rows
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
        """See the port."""
        for batch in self.table.to_batches(max_chunksize=BATCH_ROWS):
            self._read += len(batch)
            yield batch

    def fraction(self) -> float | None:
        """See the port."""
        return self._read / len(self.table) if len(self.table) else 1.0


@dataclass(slots=True)
class FileSource:
    """Implements ``larder.ingestion.ports.BulkSource`` over files of one kind and schema."""

    filesystem: Arrow
    files: Sequence[Arrow]
    schema: Arrow
    _done: int = 0
    _within: float = 0.0

    @classmethod
    def open(cls, filesystem: Arrow, files: Sequence[Arrow]) -> FileSource:
        """Read the columns of all files, of which there is at least one.

        Raises:
            ValidationError: they differ.
        """
        schema, first = None, ""
        for each in files:
            with closing(open_rows(filesystem, each.path)) as opened:
                found = opened.schema.remove_metadata()
            if schema is not None and found != schema:
                raise ValidationError(f"{each.path} has other columns or types than {first}")
            schema, first = found, first or each.path
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
                        yield batch
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
        labels = of_frame(given, event_time)
        return FrameSource(pa.Table.from_batches(labels.batches, labels.schema))
    address = str(given)
    try:
        filesystem, found = _found(address)
        files = [each for each in found if each.is_file and each.path.endswith(ENDINGS)]
        if not files:
            kinds = ", ".join(ENDINGS)
            raise ValidationError(f"there is no file to read at {address}: files end in {kinds}")
        return FileSource.open(filesystem, sorted(files, key=lambda each: str(each.path)))
    except pa.ArrowInvalid as error:
        raise ValidationError(f"{address} can't be read: {error}") from error
    except FileNotFoundError as error:
        raise ValidationError(f"there is nothing at {address}") from error


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
