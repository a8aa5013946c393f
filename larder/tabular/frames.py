"""Labels as they are given: frames, local files, objects on S3; read in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from larder.column_names import check_names
from larder.errors import ValidationError
from larder.tabular.zones import refuse_naive

BATCH_ROWS = 65_536
Arrow = Any  # pyarrow and pandas are untyped
_KINDS = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Labels:
    """Columns, and rows that are read once."""

    schema: Arrow
    batches: Iterable[Arrow]


def of_frame(frame: Arrow, event_time: str, *, labels: bool = True) -> Labels:
    """Rows of a pandas, Polars or Arrow frame, or anything else that Arrow can stream.

    Columns of ``labels`` need plain names and one type each. Columns of other rows may have any
    name; where their values have several types, each value becomes its text.

    Raises:
        ValidationError: it is nothing of that kind, or can't be turned into Arrow columns.
    """
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if isinstance(frame, pa.Table):
        return Labels(frame.schema, frame.to_batches(max_chunksize=BATCH_ROWS))
    if type(frame).__module__.partition(".")[0] == "pandas":
        return of_frame(_from_pandas(frame, event_time, labels=labels), event_time)
    if hasattr(frame, "__arrow_c_stream__"):
        return of_frame(pa.table(frame), event_time)
    raise ValidationError(
        f"rows can't be read from a {type(frame).__name__}: give a pandas, Polars or Arrow frame, "
        "or the address of a Parquet or CSV file"
    )


def of_files(paths: list[Path], texts: Iterable[str]) -> Labels:
    """Labels in files, all Parquet or all CSV.

    ``texts`` are columns that stay as they are written in CSV: ``007`` is no number there.

    Raises:
        ValidationError: there is no file, or one can't be read.
    """
    if not paths:
        raise ValidationError("there are no labels: no file lies there")
    if all(path.suffix == ".csv" for path in paths):
        parts = [_csv(path, texts) for path in paths]
    else:
        parts = [_parquet(path) for path in paths]
    schema = parts[0].schema
    odd = next((p for p, part in zip(paths, parts, strict=True) if part.schema != schema), None)
    if odd is not None:
        raise ValidationError(f"{odd.name} has other columns or types than {paths[0].name}")
    return Labels(schema, _guarded(chain.from_iterable(part.batches for part in parts)))


def local_files(address: str) -> list[Path]:
    """The files that a local path means: itself, or those in it.

    Raises:
        ValidationError: there is nothing, or a file of another kind.
    """
    path = Path(address)
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.suffix in _KINDS)
    if not path.is_file():
        raise ValidationError(f"there is no file {address}")
    if path.suffix not in _KINDS:
        raise ValidationError(f"{address} is neither .parquet nor .csv")
    return [path]


def _from_pandas(frame: Arrow, event_time: str, *, labels: bool) -> Arrow:
    names = list(frame.columns)
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        what = "label columns" if labels else "columns"
        raise ValidationError(f"{what} must be named by texts, not {odd[:10]}: rename them")
    if labels:
        check_names(names, what="label columns")
    _refuse_repeated(names)
    if event_time in names and frame[event_time].dtype == object:
        refuse_naive(frame[event_time].tolist(), event_time)
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, OverflowError) as error:
        if labels:
            raise ValidationError(f"the frame has a column of mixed types: {error}") from error
    return pa.table({name: _column(frame[name]) for name in names})


def _refuse_repeated(names: list[str]) -> None:
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ValidationError(f"there are several columns {repeated!r}: rename them apart")


def _column(series: Arrow) -> Arrow:
    """A column as Arrow has it; where it has no type for all values, each value's text."""
    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowException, OverflowError):
        absent = series.isna().tolist()
        texts = [
            None if gone is True else _text(value)
            for gone, value in zip(absent, series.tolist(), strict=True)
        ]
        return pa.array(texts, pa.string())


def _text(value: object) -> str:
    """A value as PutRecord is sent it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _parquet(path: Path) -> Labels:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise ValidationError(f"{path.name} is no Parquet file: {error}") from error
    return Labels(file.schema_arrow.remove_metadata(), file.iter_batches(BATCH_ROWS))


def _csv(path: Path, texts: Iterable[str]) -> Labels:
    options = pyarrow.csv.ConvertOptions(
        column_types={name: pa.string() for name in texts}, strings_can_be_null=True
    )
    try:
        reader = pyarrow.csv.open_csv(path, convert_options=options)
    except pa.ArrowInvalid as error:
        raise ValidationError(f"{path.name} can't be read as CSV: {error}") from error
    return Labels(reader.schema, reader)


def _guarded(batches: Iterator[Arrow]) -> Iterator[Arrow]:
    try:
        yield from batches
    except (pa.ArrowInvalid, OSError) as error:
        raise ValidationError(
            f"the labels can't be read to their end: {error}; a CSV column must have one type: "
            "write Parquet where that is not so"
        ) from error
