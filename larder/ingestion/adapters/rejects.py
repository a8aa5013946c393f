"""Rejected rows in a file, for their repair: where they are, why, the cure, and what they held."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from larder.errors import ValidationError
from larder.ingestion.ports import Reject

_KINDS = (".jsonl", ".csv", ".parquet")
_TEXTS = ("column", "value", "reason", "cure", "record")
_SCHEMA = pa.schema(
    [("file", pa.string()), ("row", pa.int64()), *((name, pa.string()) for name in _TEXTS)]
)
Row = tuple[str | None, int, str, str | None, str, str, str]


@dataclass(slots=True)
class RejectsFile:
    """Implements ``larder.ingestion.ports.Rejects``.

    The file, and its folder, are made when there is something to write. ``file`` is null for a
    frame, ``row`` the number in that file, from 0 and without the header. ``record`` is the row as
    a PutRecord would have sent it, in JSON.

    Raises:
        ValidationError: the path ends in no known kind, or nothing can be written there.
    """

    path: Path
    count: int = 0
    _text: TextIO | None = None
    _parquet: Any = field(default=None)

    def __post_init__(self) -> None:
        """Check the path before anything is done."""
        if self._kind not in _KINDS:
            raise ValidationError(
                f"rejected rows can't be written to {self.path.name}: end its name in "
                f"{' or '.join(_KINDS)} (--rejects)"
            )

    @property
    def _kind(self) -> str:
        return self.path.suffix.lower()

    def __enter__(self) -> Self:
        """Nothing is open before the first row; what an earlier try wrote is written again."""
        with self._writing():
            self.path.unlink(missing_ok=True)
            there = next(each for each in self.path.absolute().parents if each.exists())
            if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
                raise PermissionError(f"nothing can be written in {there}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        for each in (self._text, self._parquet):
            if each is not None:
                each.close()

    @property
    def place(self) -> str:
        return str(self.path)

    def add(self, rejects: Iterable[Reject]) -> None:
        rows = [_row(each) for each in rejects]
        if not rows:
            return
        self.count += len(rows)
        with self._writing():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._kind == ".parquet":
                self._add_parquet(rows)
            else:
                self._add_texts(rows)

    def _add_texts(self, rows: list[Row]) -> None:
        is_csv = self._kind == ".csv"
        if self._text is None:
            self._text = self.path.open("w", encoding="utf-8", newline="")
            if is_csv:
                csv.writer(self._text).writerow(_SCHEMA.names)
        if is_csv:
            csv.writer(self._text).writerows(rows)
        else:
            for row in rows:
                line = dict(zip(_SCHEMA.names, row, strict=True))
                line["record"] = orjson.Fragment(row[-1])
                self._text.write(orjson.dumps(line).decode() + "\n")
        self._text.flush()

    def _add_parquet(self, rows: list[Row]) -> None:
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self.path, _SCHEMA)
        columns = [list(column) for column in zip(*rows, strict=True)]
        self._parquet.write_table(pa.table(columns, schema=_SCHEMA))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ValidationError(
                f"rejected rows can't be written to {self.path}: {error}; name another file "
                "(--rejects PATH)"
            ) from error


def rejects_path(asked: Path | None, group: str, run_id: str) -> Path:
    """Where rejected rows go: the file that was asked for, or one of the run's name in a folder.

    That is the folder that was asked for, else ``~/.larder/rejects``.
    """
    folder = Path.home() / ".larder" / "rejects" if asked is None else asked
    if asked is not None and not asked.is_dir():
        return asked
    return folder / f"{group}-{run_id}-rejects.jsonl"


def _row(each: Reject) -> Row:
    value = each.value
    if value is not None and not isinstance(value, str):
        value = _json(value)
    record = _json(each.record)
    return (each.file or None, each.number, each.column, value, each.reason, each.cure, record)


def _json(value: object) -> str:
    """As JSON; of a text that is no Unicode, what can be shown."""
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:
        return json.dumps(value, default=str)
