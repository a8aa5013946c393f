"""Rows that a program gives: mappings, or a frame of pandas, Polars, Arrow or NumPy.

In a frame every column has a cell for every row. A cell without a value has to be written somehow:
null, NaN, NaT, NA and a masked place are all no value. In a mapping NaN is refused by name, since
there a value can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from numbers import Real
from typing import Any

from larder.errors import ValidationError

Row = Mapping[str, object]
_NO_VALUE = frozenset({"NAType", "NaTType", "MaskedConstant"})


def rows_of(given: Any) -> Iterable[Row]:  # noqa: ANN401 - frames of several libraries
    """The rows as mappings by feature name; those of a frame without the cells that have no value.

    ``given`` is a frame, a mapping of columns (as ``to_numpy`` gives it) or a structured array. It
    may also be rows that are mappings already.

    Raises:
        ValidationError: it is nothing of that kind, or its columns differ in length.
    """
    library = type(given).__module__.partition(".")[0]
    if isinstance(given, Mapping):
        return _from_columns(list(given), list(given.values()))
    if library == "pandas" and hasattr(given, "itertuples"):
        return _cells(list(given.columns), given.itertuples(index=False, name=None))
    if library == "polars" and hasattr(given, "iter_rows"):
        return _cells(list(given.columns), given.iter_rows())
    if library == "pyarrow" and hasattr(given, "to_pylist"):
        return _from_arrow(given)
    if library == "numpy":
        return _from_array(given)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return given
    raise ValidationError(
        f"records: rows can't be read from a {type(given).__name__}; give mappings, or a frame of "
        "pandas, Polars, Arrow or NumPy."
    )


def _from_columns(names: Sequence[object], columns: Sequence[Any]) -> Iterator[Row]:
    lengths = {str(name): len(column) for name, column in zip(names, columns, strict=True)}
    if len(set(lengths.values())) > 1:
        raise ValidationError(f"records: the columns differ in length: {lengths}.")
    return _cells(names, zip(*columns, strict=True))


def _from_array(array: Any) -> Iterator[Row]:  # noqa: ANN401 - NumPy is optional
    if array.dtype.names is None:
        raise ValidationError(
            "records: an array without names has no features; give a structured array, or a "
            "mapping of arrays by feature name."
        )
    return _cells(list(array.dtype.names), iter(array.tolist()))


def _from_arrow(frame: Any) -> Iterator[Row]:  # noqa: ANN401 - pyarrow is untyped
    batches = frame.to_batches(max_chunksize=4096) if hasattr(frame, "to_batches") else [frame]
    for batch in batches:
        names = batch.schema.names
        yield from _cells(names, zip(*(column.to_pylist() for column in batch), strict=True))


def _cells(names: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[Row]:
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise ValidationError(
            f"records: columns must be named by texts, not {odd[:10]}; rename them."
        )
    return (
        {str(name): cell for name, cell in zip(names, row, strict=True) if not _is_missing(cell)}
        for row in rows
    )


def _is_missing(cell: object) -> bool:
    if cell is None or type(cell).__name__ in _NO_VALUE:
        return True
    if isinstance(cell, Real | datetime):
        return bool(cell != cell)  # noqa: PLR0124 - NaN equals nothing
    return False
