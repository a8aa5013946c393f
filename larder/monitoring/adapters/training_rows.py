"""Rows of training sets as a model's vectors, in DuckDB on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError
from larder.monitoring.adapters.duckdb_rows import ROWS, DuckDbRows, open_rows
from larder.monitoring.columns import Column
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import SetRows

Arrow = Any  # pyarrow is untyped
RELATION = f"SELECT inputs, scores FROM {ROWS}"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Implements ``larder.monitoring.ports.TrainingRows``."""

    queries: DuckDbRows
    relation: str = RELATION

    def sample(self, count: int) -> list[list[float]]:
        """As the port says; the same rows each time."""
        [[rows]] = self.queries.rows(f"SELECT count(*) FROM {ROWS}")  # noqa: S608 - a constant
        step = max(1, -(-int(rows or 0) // count))
        asked = f"SELECT inputs FROM {ROWS} WHERE rowid % {step:d} = 0 ORDER BY rowid"  # noqa: S608
        return [list(row) for (row,) in self.queries.database.execute(asked).fetchall()]

    def of_scores(self, scores: Sequence[Sequence[float]]) -> DuckDbRows:
        """As the port says."""
        kind = pa.list_(pa.float64())
        columns = {"inputs": pa.nulls(len(scores), kind), "scores": pa.array(scores, kind)}
        return open_rows([pa.record_batch(columns)])


@dataclass(frozen=True, slots=True)
class StoredTrainingSets:
    """Implements ``larder.monitoring.ports.TrainingSets`` over sets on S3."""

    manifest: Callable[[str], Manifest]
    stored: SetRows

    def identity(self, name: str) -> str:
        """As the port says."""
        return self.manifest(name).content_hash

    def rows(self, name: str, columns: Sequence[Column]) -> VectorRows:
        """As the port says."""
        manifest = self.manifest(name)
        found = {each.name.lower(): each.column for each in manifest.columns}
        asked = [_source(each, found, name) for each in columns]
        return VectorRows(open_rows(_batches(self.stored, manifest, columns, asked)))


def _source(column: Column, found: dict[str, str], name: str) -> tuple[str, int | None]:
    """The set's column of a model's column, and of a vector its element."""
    base, bracket, element = column.name.rstrip("]").rpartition("[")
    if column.name.lower() in found:
        return found[column.name.lower()], None
    if bracket and base.lower() in found and element.isdigit():
        return found[base.lower()], int(element)
    raise ValidationError(
        f"Training set {name} has no column {column.name!r}, which the model takes; it has "
        f"{', '.join(sorted(found))[:500]}. Make one whose columns have the names of the model's "
        "inputs."
    )


def _batches(
    stored: SetRows,
    manifest: Manifest,
    columns: Sequence[Column],
    asked: Sequence[tuple[str, int | None]],
) -> Iterator[Arrow]:
    for batch in stored.batches(manifest):
        table = pa.Table.from_batches([batch])
        numbers = [
            _numbers(table.column(source), element, column)
            for column, (source, element) in zip(columns, asked, strict=True)
        ]
        flat = np.column_stack(numbers).ravel() if numbers else np.empty(0)
        rows = len(table)
        offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * len(columns))
        inputs = pa.ListArray.from_arrays(offsets, pa.array(flat, pa.float64()))
        scores = pa.nulls(rows, pa.list_(pa.float64()))
        yield pa.record_batch({"inputs": inputs, "scores": scores})


def _numbers(values: Arrow, element: int | None, column: Column) -> Any:  # noqa: ANN401 - numpy
    """A column as the numbers that the model is given; NaN where it has no value."""
    values = values.combine_chunks()
    if element is not None:
        values = pc.list_element(values, element)
    if column.is_category:
        values = pc.index_in(values.cast(pa.string()), pa.array(column.categories))
    try:
        missing = np.nan if column.default is None else column.default
        found = pc.fill_null(values.cast(pa.float64()), missing)
    except pa.ArrowInvalid as error:
        raise ValidationError(
            f"Column {column.name!r} of the training set is no number ({error}): the model takes "
            "numbers there."
        ) from error
    return found.to_numpy(zero_copy_only=False)
