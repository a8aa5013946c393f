"""Rows of one file of a training set, in Arrow batches. Functions without NumPy use it too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

_BATCH_ROWS = 65_536
_PARTITION_TYPES = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
Arrow = Any  # pyarrow is untyped


def file_batches(path: Path, address: str, partitions: Mapping[str, str]) -> Iterator[Arrow]:
    """The rows of a file, with the columns that only its folders' names tell (Hive's layout)."""
    folders = dict(part.partition("=")[::2] for part in address.split("/") if "=" in part)
    values = {
        column: pa.scalar(unquote(folders[column])).cast(_PARTITION_TYPES[kind])
        for column, kind in partitions.items()
    }
    for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS):
        for column, value in values.items():
            batch = batch.append_column(column, pa.repeat(value, len(batch)))  # noqa: PLW2901
        yield batch
