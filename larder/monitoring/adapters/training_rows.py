"""Rows of training sets as a model's vectors, in DuckDB on this machine."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from larder.as_of.text import literal, name
from larder.aws.s3_objects import MANIFEST, Objects, training_sets_at
from larder.errors import ResourceNotFound, ValidationError
from larder.monitoring.adapters.duckdb_rows import ROWS, DuckDbRows, open_rows
from larder.monitoring.columns import Column
from larder.training_sets.adapters.file_batches import file_batches
from larder.training_sets.manifest import Manifest

Arrow = Any  # pyarrow is untyped
RELATION = f"SELECT inputs, scores FROM {ROWS}"


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Implements ``larder.monitoring.ports.TrainingRows``."""

    queries: DuckDbRows
    relation: str = RELATION

    def sample(self, count: int) -> list[list[float]]:
        """As the port says; the same rows each time."""
        [[rows]] = self.queries.rows(f"SELECT count(*) FROM {ROWS}")
        step = max(1, -(-int(rows or 0) // count))
        asked = f"SELECT inputs FROM {ROWS} WHERE rowid % {step:d} = 0 ORDER BY rowid"
        found = self.queries.database.execute(asked).fetchall()
        return [[math.nan if each is None else each for each in row] for (row,) in found]

    def of_scores(self, scores: Sequence[Sequence[float]]) -> DuckDbRows:
        """As the port says."""
        kind = pa.list_(pa.float64())
        columns = {"inputs": pa.nulls(len(scores), kind), "scores": pa.array(scores, kind)}
        return open_rows([pa.record_batch(columns)])


@dataclass(frozen=True, slots=True)
class StoredTrainingSets:
    """Implements ``larder.monitoring.ports.TrainingSets`` over the sets in a bucket."""

    objects: Objects
    bucket: str

    def identity(self, name: str) -> str:
        """As the port says."""
        return self._manifest(name).content_hash

    def rows(self, name: str, columns: Sequence[Column]) -> VectorRows:
        """As the port says."""
        manifest = self._manifest(name)
        found = {each.name.lower(): each.column for each in manifest.columns}
        cells = [_cell(each, found, name) for each in columns]
        vector = f"SELECT [{', '.join(cells)}] AS inputs, NULL AS scores FROM batch_rows"
        try:
            return VectorRows(open_rows(self._batches(manifest), vector))
        except duckdb.Error as error:
            raise ValidationError(
                f"Training set {name} has values that the model can't be given: {error}"
            ) from error

    def _manifest(self, name: str) -> Manifest:
        body = self.objects.read(f"{training_sets_at(self.bucket)}{name}/{MANIFEST}")
        if body is None:
            raise ResourceNotFound(f"There is no training set {name[:200]!r} in {self.bucket}.")
        return Manifest.from_json(body)

    def _batches(self, manifest: Manifest) -> Iterator[Arrow]:
        """The rows, by way of a file at a time on this machine."""
        with TemporaryDirectory(prefix="larder-") as folder:
            for number, file in enumerate(manifest.files):
                path = Path(folder, f"{number:05}.parquet")
                self.objects.fetch(file.address, path)
                yield from file_batches(path, file.address, manifest.partitions)
                path.unlink()


def _cell(column: Column, found: dict[str, str], training_set: str) -> str:
    """A column as DuckDB computes the number that the model is given; null where there is no value.

    A text that is no category has none either.
    """
    value = _source(column, found, training_set)
    if column.is_category:
        texts = ", ".join(map(literal, column.categories))
        value = f"NULLIF(list_position([{texts}], CAST({value} AS VARCHAR)), 0) - 1"
    number = f"CAST({value} AS DOUBLE)"
    return number if column.default is None else f"COALESCE({number}, {column.default!r})"


def _source(column: Column, found: dict[str, str], training_set: str) -> str:
    """The set's column of a model's column, and of a vector its element."""
    base, bracket, element = column.name.rstrip("]").rpartition("[")
    if column.name.lower() in found:
        return name(found[column.name.lower()])
    if bracket and base.lower() in found and element.isdigit():
        return f"{name(found[base.lower()])}[{int(element) + 1}]"
    raise ValidationError(
        f"Training set {training_set} has no column {column.name!r}, which the model takes; it has "
        f"{', '.join(sorted(found))[:500]}. Make one whose columns have the names of the model's "
        "inputs."
    )
