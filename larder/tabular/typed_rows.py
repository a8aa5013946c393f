"""Cells of text files in the types that they are written in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError
from larder.tabular.batches import Batch
from larder.tabular.csv_rows import CsvRows

Arrow = Any  # pyarrow is untyped
_ABSENT = ["NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
_KEPT = r"^[+-]?0\d"
_BOOLEAN = r"^(?:true|false|True|False|TRUE|FALSE)$"
_TYPES = (pa.int64(), pa.date32(), pa.timestamp("s"), pa.timestamp("ns"), pa.float64())


@dataclass(slots=True)
class TypedRows:
    """A text file whose columns have the types that their cells in the first batch are of.

    Those are whole numbers, truth values, dates, times, numbers, else texts. Words for a missing
    value (``NA``, ``NaN``) are null in a column that is no text. A number with a leading zero is a
    text: ``00701`` is no number.
    """

    rows: CsvRows
    schema: Arrow
    first: Batch | None
    others: Iterator[Batch]

    @classmethod
    def open(cls, rows: CsvRows, texts: Collection[str]) -> TypedRows:
        """Read the first batch; ``texts`` are columns that stay as they are written."""
        others = iter(rows)
        first = next(others, None)
        fields = [
            (name, pa.string() if first is None or name in texts else _type_of(column))
            for name, column in zip(
                rows.schema.names, first.rows.columns if first else rows.schema, strict=True
            )
        ]
        return cls(rows, pa.schema(fields), first, others)

    def __iter__(self) -> Iterator[Batch]:
        """Its rows.

        Raises:
            ValidationError: a later cell is not of its column's type.
        """
        for batch in chain([self.first] if self.first else [], self.others):
            columns = [
                _typed(column, field, batch)
                for column, field in zip(batch.rows.columns, self.schema, strict=True)
            ]
            yield replace(batch, rows=pa.RecordBatch.from_arrays(columns, schema=self.schema))

    def close(self) -> None:
        """Close it."""
        self.rows.close()


def _type_of(column: Arrow) -> Arrow:
    known = _known(column).drop_null()
    if not len(known):
        return pa.null() if column.null_count == len(column) else pa.string()
    if pc.any(pc.match_substring_regex(known, _KEPT + r"*$")).as_py():
        return pa.string()
    if pc.all(pc.match_substring_regex(known, _BOOLEAN)).as_py():
        return pa.bool_()
    return next((kind for kind in _TYPES if _is_of(known, kind)), pa.string())


def _is_of(known: Arrow, kind: Arrow) -> bool:
    try:
        known.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _known(column: Arrow) -> Arrow:
    """The cells but those that say that there is no value."""
    return pc.if_else(pc.is_in(column, pa.array(_ABSENT)), None, column)


def _typed(column: Arrow, field: Arrow, batch: Batch) -> Arrow:
    if pa.types.is_string(field.type):
        return column
    known = _known(column)
    try:
        return known.cast(field.type)
    except pa.ArrowException as error:
        numbers = batch.numbers()
        row = next(
            number
            for place, number in enumerate(numbers)
            if not _is_of(known.slice(place, 1), field.type)
        )
        raise ValidationError(
            f"column {field.name!r} holds {field.type} in the file's first rows, but not in row "
            f"{row}: {error}; a CSV column must have one type: write Parquet where that is not so"
        ) from error
