"""Results of training sets read back: checked and hashed whole, or handed out in batches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from larder.aws.s3_objects import Objects
from larder.progress import Progress, Report
from larder.tabular.columns import restored
from larder.training_sets.adapters.content_hash import ROW, ContentHash
from larder.training_sets.adapters.export import write_table
from larder.training_sets.adapters.file_batches import file_batches
from larder.training_sets.manifest import LABEL, Manifest
from larder.training_sets.ports import Contents, StoredFile

Arrow = Any  # pyarrow is untyped


def read_result(
    objects: Objects, location: str, rows: int, partitions: Mapping[str, str], report: Report
) -> Contents:
    """Read all files of a result of so many label rows, one after the other."""
    content, seen, files = ContentHash(), np.zeros(rows, np.bool_), []
    columns: dict[str, str] = {}
    start, strays = time.monotonic(), 0
    listed = list(objects.listed(location))
    with TemporaryDirectory(prefix="larder-") as folder:
        path = Path(folder, "result.parquet")
        for address, size in listed:
            digest, before = objects.fetch(address, path), content.rows
            for batch in file_batches(path, address, partitions):
                columns |= {field.name: str(field.type) for field in batch.schema}
                strays += _mark(seen, batch)
                content.add(batch)
            files.append(StoredFile(address, size, content.rows - before, digest))
            done, seconds = sum(file.bytes for file in files), time.monotonic() - start
            report(Progress("check", "", seconds, rows=content.rows, bytes=done, total=rows))
    columns.pop(ROW, None)
    complete = bool(seen.all()) and not strays and content.rows == rows
    kinds = tuple(columns.items())
    return Contents(tuple(files), content.rows, complete, kinds, content.value, content.columns)


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Implements ``larder.training_sets.ports.SetRows`` over the sets' files on S3."""

    objects: Objects

    def table(self, manifest: Manifest) -> Arrow:
        """All rows as an Arrow table, in the labels' order and the labels' types."""
        return delivered(self.batches(manifest), manifest)

    def batches(self, manifest: Manifest) -> Iterator[Arrow]:
        """The rows as stored, by way of a file at a time on this machine."""
        with TemporaryDirectory(prefix="larder-") as folder:
            for number, file in enumerate(manifest.files):
                path = Path(folder, f"{number:05}.parquet")
                self.objects.fetch(file.address, path)
                yield from file_batches(path, file.address, manifest.partitions)
                path.unlink()

    def export(self, manifest: Manifest, path: Path) -> int:
        """Write all rows into a local file, and return their number; raises as ``write_table``."""
        table = self.table(manifest)
        write_table(table, path)
        return len(table)


def _mark(seen: Arrow, batch: Arrow) -> int:
    """Note which rows a batch has; how many are no label row's."""
    numbers = batch.column(batch.schema.get_field_index(ROW)).to_numpy(zero_copy_only=False)
    known = numbers[(numbers >= 0) & (numbers < len(seen))]
    seen[known] = True
    return len(numbers) - len(known)


def delivered(found: Iterator[Arrow], manifest: Manifest) -> Arrow:
    """A set's rows as a table in the labels' order: names as asked for, labels' types as given."""
    table = pa.Table.from_batches(found).sort_by(ROW)
    columns = {}
    for column in manifest.columns:
        values = table.column(column.column)
        is_label = column.source == LABEL
        columns[column.name] = restored(values, column.type) if is_label else values
    return pa.table(columns)
