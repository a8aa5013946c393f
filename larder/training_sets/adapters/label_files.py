"""Label rows as Parquet files on S3, written as the rows come."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from larder.aws.s3_objects import Objects
from larder.training_sets.adapters.label_rows import LabelRows
from larder.training_sets.ports import LabelColumn, StoredFile, StoredLabels

_FILE_ROWS = 1_000_000
Arrow = Any  # pyarrow is untyped


class LabelFiles:
    """Writes files of up to a million rows below ``location``, by way of ``folder``."""

    def __init__(self, objects: Objects, schema: Arrow, location: str, folder: Path) -> None:
        self._objects = objects
        self._schema = schema
        self._location = location
        self._path = folder / "labels.parquet"
        self._writer: Arrow = None
        self._rows = 0
        self._files: list[StoredFile] = []

    def __enter__(self) -> Self:
        """Nothing is open before the first row."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send the last file, unless writing failed."""
        if kind is None:
            self._send()
        elif self._writer is not None:
            self._writer.close()

    @property
    def bytes(self) -> int:
        """Bytes sent so far."""
        return sum(file.bytes for file in self._files)

    def write(self, batch: Arrow) -> None:
        """Add rows."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        self._writer.write_batch(batch)
        self._rows += len(batch)
        if self._rows >= _FILE_ROWS:
            self._send()

    def stored(self, labels: LabelRows) -> StoredLabels:
        """What was written, once all of it was."""
        return StoredLabels(
            location=self._location,
            files=tuple(self._files),
            rows=labels.rows,
            first=labels.first,
            last=labels.last,
            columns=tuple(
                LabelColumn(stored, name, str(labels.plain.field(name).type))
                for stored, name in labels.columns
            ),
            schema=tuple((field.name, _hive_type(field.type)) for field in self._schema),
        )

    def _send(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        address = f"{self._location}part-{len(self._files):05}.parquet"
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._objects.send(self._path, address)
        size = self._path.stat().st_size
        self._files.append(StoredFile(address, size, self._rows, digest))
        self._rows = 0


def _hive_type(kind: Arrow) -> str:
    names = {
        pa.int64(): "bigint",
        pa.string(): "string",
        pa.bool_(): "boolean",
        pa.date32(): "date",
    }
    # Arrow's names of floats are Hive's, but for decimals' width
    return names.get(kind) or str(kind).replace("decimal128", "decimal").replace(" ", "")
