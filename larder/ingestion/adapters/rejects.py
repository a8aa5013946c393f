"""Rejected rows in a file, for their repair: their number, the reason, and what they held."""

from __future__ import annotations

import csv
from collections.abc import Iterable
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
_SCHEMA = pa.schema([("row", pa.int64()), ("reason", pa.string()), ("record", pa.string())])


@dataclass(slots=True)
class RejectsFile:
    """Implements ``larder.ingestion.ports.Rejects``.

    The file is made when there is something to write.
    ``record`` is the row as a PutRecord would have sent it, in JSON.

    Raises:
        ValidationError: the path ends in no known kind.
    """

    path: Path
    count: int = 0
    _text: TextIO | None = None
    _parquet: Any = field(default=None)

    def __post_init__(self) -> None:
        """Check the path before anything is done."""
        if self.path.suffix not in _KINDS:
            raise ValidationError(
                f"rejected rows can't be written to {self.path.name}: end its name in "
                f"{' or '.join(_KINDS)}"
            )

    def __enter__(self) -> Self:
        """Nothing is open before the first row; what an earlier try wrote is written again."""
        self.path.unlink(missing_ok=True)
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
        rows = [
            (each.row, each.reason, orjson.dumps(each.record, default=str).decode())
            for each in rejects
        ]
        if not rows:
            return
        self.count += len(rows)
        if self.path.suffix == ".parquet":
            self._add_parquet(rows)
            return
        if self._text is None:
            self._text = self.path.open("w", encoding="utf-8", newline="")
            if self.path.suffix == ".csv":
                csv.writer(self._text).writerow(_SCHEMA.names)
        if self.path.suffix == ".csv":
            csv.writer(self._text).writerows(rows)
            return
        for row, reason, record in rows:
            line = {"row": row, "reason": reason, "record": orjson.Fragment(record)}
            self._text.write(orjson.dumps(line).decode() + "\n")

    def _add_parquet(self, rows: list[tuple[int, str, str]]) -> None:
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self.path, _SCHEMA)
        columns = [list(column) for column in zip(*rows, strict=True)]
        self._parquet.write_table(pa.table(columns, schema=_SCHEMA))
