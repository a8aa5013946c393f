"""JSON lines: an object a line, each with the columns that it has values for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from larder.tabular.batches import Batch, Unread, rows_at_once
from larder.tabular.cells import column_of
from larder.tabular.reading import Reading
from larder.tabular.texts import Start, look_at, open_text

Arrow = Any  # pyarrow is untyped
_CURE = 'write one object a line, such as {"id": "a", "v": 1}'


@dataclass(slots=True)
class JsonRows:
    """A file of JSON lines. A key that a line lacks is no value there.

    Numbers keep all their digits. A value of several types in one batch becomes its text, and an
    object within a row its JSON.
    """

    filesystem: Arrow
    path: str
    start: Start
    schema: Arrow
    size: int

    @classmethod
    def open(cls, filesystem: Arrow, path: str, address: str, reading: Reading) -> JsonRows:
        """Open it and read it once for its columns, which any line may add to."""
        start = look_at(filesystem, path, address, reading)
        size = filesystem.get_file_info(path).size or 1
        found = cls(filesystem, path, start, pa.schema([]), size)
        kinds: dict[str, Arrow] = {}
        for batch in found._batches(None):
            for field in batch.rows.schema:
                kinds[field.name] = _wider(kinds.get(field.name), field.type)
        found.schema = pa.schema(kinds.items())
        return found

    def __iter__(self) -> Iterator[Batch]:
        """Its rows."""
        return self._batches(self.schema.names)

    def close(self) -> None:
        """Nothing is open between two batches' readers."""

    def _batches(self, names: list[str] | None) -> Iterator[Batch]:
        rows: list[dict[str, Any]] = []
        unread: list[Unread] = []
        first, most = 0, rows_at_once(len(names or ()))
        for share, text in self._lines():
            number = first + len(rows) + len(unread)
            try:
                rows.append(_object(text))
            except ValueError as error:
                unread.append(Unread(number, str(error), _CURE, text))
            if len(rows) + len(unread) >= most:
                yield Batch(_table(rows, names), first, unread, share)
                first, rows, unread = number + 1, [], []
        if rows or unread:
            yield Batch(_table(rows, names), first, unread)

    def _lines(self) -> Iterator[tuple[float, str]]:
        """The lines that are not blank, each with the share that was read."""
        with (
            closing(self.filesystem.open_input_file(self.path)) as raw,
            io.TextIOWrapper(open_text(raw, self.start), "utf-8", "backslashreplace") as text,
        ):
            for line in text:
                stripped = line.strip().removeprefix("\ufeff")
                if stripped:
                    yield min(1.0, raw.tell() / self.size), stripped


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("the line is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"the line is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"the line is no JSON object but a {type(found).__name__}")
    return found


def _table(rows: list[dict[str, Any]], names: list[str] | None) -> Arrow:
    wanted = list(dict.fromkeys(key for row in rows for key in row)) if names is None else names
    columns = [column_of([row.get(name) for row in rows]) for name in wanted]
    if not columns:
        return pa.RecordBatch.from_pylist([{} for _ in rows])
    return pa.RecordBatch.from_arrays(columns, names=wanted)


def _wider(one: Arrow, two: Arrow) -> Arrow:
    """The type of a column whose batches have these; texts where they do not go together."""
    if one is None or one == two or pa.types.is_null(one):
        return two
    if pa.types.is_null(two):
        return one
    numbers = {pa.int64(), pa.float64()}
    return pa.float64() if {one, two} == numbers else pa.string()
