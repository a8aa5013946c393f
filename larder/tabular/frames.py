"""Rows in memory as Arrow tables: frames of pandas, Polars, Arrow and NumPy, columns by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError
from larder.tabular.cells import UNFIT, column_of, exact_column, is_missing

Arrow = Any  # pyarrow and the frames' libraries are untyped
_GIVE = (
    "give a pandas, Polars, Arrow or NumPy frame, columns by name, or the address of files of rows"
)


def of_frame(frame: Arrow, *, mixed: bool = True) -> Arrow:
    """A table of the rows of a frame, or of anything else that Arrow can stream.

    Columns may have any name. Where the values of one have several types, each becomes its text,
    unless ``mixed`` columns are refused. NaN in a column of objects is no value.

    Raises:
        ValidationError: it is nothing of that kind, or its columns differ in length. Or two have
            one name, or one has values of several types and may not.
    """
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if isinstance(frame, pa.Table):
        return frame
    columns = list(_columns(frame))
    _check_names([name for name, _ in columns])
    convert = column_of if mixed else _of_one_type
    arrays = [_column(name, values, convert) for name, values in columns]
    lengths = {name: len(each) for (name, _), each in zip(columns, arrays, strict=True)}
    if len(set(lengths.values())) > 1:
        raise ValidationError(f"the columns differ in length: {lengths}")
    return pa.table(arrays, names=list(lengths))


def _columns(frame: Arrow) -> Iterator[tuple[Any, Any]]:
    """Names and values, each as its library holds them."""
    library = type(frame).__module__.partition(".")[0]
    if isinstance(frame, Mapping):
        yield from frame.items()
    elif library == "pandas" and hasattr(frame, "columns"):
        for place, name in enumerate(frame.columns):
            yield name, frame.iloc[:, place]
    elif library == "polars" and hasattr(frame, "get_columns"):
        for series in frame.get_columns():
            yield series.name, series
    elif library == "numpy" and getattr(frame, "dtype", None) is not None and frame.dtype.names:
        for name in frame.dtype.names:
            yield name, frame[name]
    elif hasattr(frame, "__arrow_c_stream__"):
        table = pa.table(frame)
        yield from zip(table.column_names, table.columns, strict=True)
    else:
        raise ValidationError(f"rows can't be read from a {type(frame).__name__}: {_GIVE}")


def _check_names(names: Sequence[Any]) -> None:
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise ValidationError(f"columns must be named by texts, not {odd[:10]}: rename them")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ValidationError(f"there are several columns {repeated!r}: rename them apart")


def _column(name: str, values: Any, convert: Callable[[Any], Arrow]) -> Arrow:  # noqa: ANN401
    try:
        return _array(values, convert)
    except ValidationError as error:
        raise ValidationError(f"column {name!r}: {error}") from error
    except UNFIT as error:
        raise ValidationError(f"column {name!r} can't be read: {error}") from error


def _array(values: Any, convert: Callable[[Any], Arrow]) -> Arrow:  # noqa: ANN401
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    library = type(values).__module__.partition(".")[0]
    if library == "polars":
        return _of_polars(values, convert)
    if library == "numpy":
        if values.ndim != 1:
            raise ValidationError(f"it has {values.ndim} dimensions, but a row has one cell in it")
        if hasattr(values, "mask"):
            return convert(values.tolist())
        if values.dtype.kind == "S":
            return convert(values.astype(object))
    if library in {"pandas", "numpy"}:
        return convert(values)
    if isinstance(values, Sequence) and not isinstance(values, str | bytes):
        return convert(list(values))
    raise ValidationError(f"cells can't be read from a {type(values).__name__}")


def _of_polars(series: Any, convert: Callable[[Any], Arrow]) -> Arrow:  # noqa: ANN401
    """A column of Polars. Objects, and integers that Arrow lacks, go value by value."""
    if str(series.dtype) in {"Object", "Int128", "UInt128"}:
        return convert(series.to_list())
    return series.to_arrow()


def _of_one_type(values: Any) -> Arrow:  # noqa: ANN401
    try:
        return exact_column(values)
    except UNFIT as error:
        listed = [each for each in values if not is_missing(each)]
        if all(hasattr(each, "utcoffset") for each in listed):
            return column_of(values)
        kinds = sorted({type(each).__name__ for each in listed})
        raise ValidationError(
            f"the frame has a column of mixed types ({', '.join(kinds)}): {error}; make it one type"
        ) from error
