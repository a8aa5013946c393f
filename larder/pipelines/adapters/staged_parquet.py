"""Rows that an engine staged as Parquet on S3: counted, and read as what ingestion takes.

Their event time is whole microseconds since the epoch, which all engines write alike. Ingestion
reads instants in it, and makes of them what the feature's type states. Engines give their files
names without an ending, and Athena gives columns names in lower case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from larder.tabular.batches import BATCH_ROWS, Batch

Arrow = Any  # pyarrow is untyped
_INSTANT = pa.timestamp("us", "UTC")
_SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class StagedParquet:
    """The files of a folder; ``files_of`` opens a bucket."""

    files_of: Callable[[str], Arrow]

    def dataset(self, folder: str) -> Arrow:
        """The rows of a folder with files, to be read column by column and as often as needed."""
        paths = [each.path for each in self._files(folder)]
        return ds.dataset(paths, format="parquet", filesystem=self._bucket(folder))

    def count(self, folder: str) -> int:
        """How many rows the files of a folder have; none where there are no files."""
        files = self._files(folder)
        return sum(self._opened(folder, each.path).metadata.num_rows for each in files)

    def rows(self, folder: str) -> list[dict[str, Any]]:
        """All rows, where they are few."""
        files = self._files(folder)
        return [row for each in files for row in self._opened(folder, each.path).read().to_pylist()]

    def source(self, folder: str, event_time: str, names: Sequence[str]) -> StagedSource | None:
        """The rows, with the columns ``names``; ``None`` where there are no files."""
        files = self._files(folder)
        if not files:
            return None
        opened = [(each.path, self._opened(folder, each.path)) for each in files]
        seen = "\0".join(f"{each.path} {each.size} {each.mtime_ns}" for each in files)
        digest = hashlib.sha256(seen.encode()).hexdigest()
        return StagedSource(opened, event_time, {each.lower(): each for each in names}, digest)

    def _files(self, folder: str) -> list[Arrow]:
        """The files by name; empty ones and those of engines' own use are left out."""
        path = folder.removeprefix(_SCHEME).rstrip("/")
        selector = fs.FileSelector(path, recursive=True, allow_not_found=True)
        found = self._bucket(folder).get_file_info(selector)
        files = [each for each in found if each.type == fs.FileType.File and each.size]
        return sorted(
            (each for each in files if not each.base_name.startswith(("_", "."))),
            key=lambda each: str(each.path),
        )

    def _opened(self, folder: str, path: str) -> Arrow:
        return pq.ParquetFile(self._bucket(folder).open_input_file(path))

    def _bucket(self, folder: str) -> Arrow:
        return self.files_of(folder.removeprefix(_SCHEME).partition("/")[0])


@dataclass(slots=True)
class StagedSource:
    """Rows to ingest: the same in the same order whenever they are read."""

    files: Sequence[tuple[str, Arrow]]
    event_time: str
    names: dict[str, str]
    fingerprint: str
    _done: int = field(default=0)

    @property
    def schema(self) -> Arrow:
        """The columns, by the features' names."""
        return self._typed(self.files[0][1].schema_arrow.remove_metadata())

    def batches(self) -> Iterator[Batch]:
        """The rows, from the first on."""
        self._done = 0
        for path, file in self.files:
            start = 0
            for rows in file.iter_batches(batch_size=BATCH_ROWS):
                schema = self._typed(rows.schema.remove_metadata())
                columns = [
                    column.cast(field.type)
                    for column, field in zip(rows.columns, schema, strict=True)
                ]
                typed = pa.RecordBatch.from_arrays(columns, schema=schema)
                yield Batch(typed, start, file=f"{_SCHEME}{path}")
                start += len(rows)
                self._done += len(rows)

    def fraction(self) -> float | None:
        """The share that was read so far."""
        total = sum(file.metadata.num_rows for _, file in self.files)
        return self._done / total if total else 1.0

    def _typed(self, schema: Arrow) -> Arrow:
        return pa.schema(self._field(each) for each in schema)

    def _field(self, given: Arrow) -> Arrow:
        name = self.names.get(given.name.lower(), given.name)
        return given.with_name(name).with_type(_INSTANT if name == self.event_time else given.type)
