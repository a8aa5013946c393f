"""Commits of Iceberg tables in the Glue catalog, read from their own metadata.

Only snapshots that append are read for new rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot, ancestors_between_ids

from larder.errors import ValidationError
from larder.offline.adapters.iceberg.commits import changes_rows, snapshots_after
from larder.pipelines.definition import TimeUnit
from larder.pipelines.durations import SECOND
from larder.pipelines.runs.late import NONE_YET, Committed
from larder.pipelines.sql.bounds import UNITS

Array = Any  # pyarrow is untyped


@dataclass(frozen=True, slots=True)
class IcebergCommits:
    """Implements ``larder.pipelines.runs.late.Commits``.

    ``load`` gives a table by its name, or ``None`` where it is no Iceberg table.
    """

    load: Callable[[str], Table | None]

    def newest(self, table: str) -> int | None:
        found = self.load(table)
        if found is None:
            return None
        snapshot = found.current_snapshot()
        return NONE_YET if snapshot is None else snapshot.snapshot_id

    def between(self, table: str, column: str, of: TimeUnit, step: int, since: int) -> Committed:
        found = self.load(table)
        now = found.current_snapshot() if found is not None else None
        if found is None or now is None:
            return Committed(is_known=False)
        snapshots = _between(found, since, now)
        if snapshots is None:
            return Committed(is_known=False)
        scan = found.incremental_append_scan(
            from_snapshot_id_exclusive=None if since == NONE_YET else since,
            to_snapshot_id_inclusive=now.snapshot_id,
            selected_fields=(named_column(found, column),),
        )
        events: dict[int, int] = {}
        for batch in scan.to_arrow_batch_reader():
            for end, count in _counted(batch.column(0), of, step):
                events[end] = events.get(end, 0) + count
        return Committed(events, is_rewritten=any(map(changes_rows, snapshots)))


def _between(table: Table, since: int, now: Snapshot) -> list[Snapshot] | None:
    """The snapshots after one; ``None`` where it is no ancestor of the newest any more."""
    if since == NONE_YET:
        found = list(ancestors_between_ids(None, now.snapshot_id, table.metadata))
        # an expired parent is forgotten, but commits are numbered; those of format 1 are not
        return found if found[-1].sequence_number == 1 else None
    return snapshots_after(table, since, now)


def named_column(table: Table, column: str) -> str:
    """The column as the table spells it: Athena's names have no capitals."""
    for each in table.schema().fields:
        if each.name.lower() == column.lower():
            return str(each.name)
    known = ", ".join(each.name for each in table.schema().fields)[:300]
    raise ValidationError(f"source.time: the table has no column {column!r}, but {known}")


def _counted(column: Array, of: TimeUnit, step: int) -> Iterator[tuple[int, int]]:
    """How many instants fall into each step, by the step's end."""
    micros = _instants(column, of).drop_null()
    # rounded up: an instant at a step's end belongs to it, before the epoch too
    ends = pc.multiply(pc.negate(_floored(pc.negate(micros), step)), step)
    for each in ends.value_counts():
        yield each["values"].as_py(), each["counts"].as_py()


def _floored(values: Array, step: int) -> Array:
    """Whole division that rounds down; Arrow's own rounds towards zero."""
    quotient = pc.divide(values, step)
    below = pc.and_(pc.less(values, 0), pc.not_equal(pc.multiply(quotient, step), values))
    return pc.subtract(quotient, below.cast(pa.int64()))


def _instants(column: Array, of: TimeUnit) -> Array:
    """Microseconds since the epoch."""
    match of:
        case TimeUnit.TIMESTAMP:
            return column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        case TimeUnit.ISO8601:
            return _of_texts(column.cast(pa.string()))
    if pa.types.is_integer(column.type):
        return pc.multiply(column.cast(pa.int64()), UNITS[of])
    return pc.round(pc.multiply(column.cast(pa.float64()), float(UNITS[of]))).cast(pa.int64())


def _of_texts(texts: Array) -> Array:
    """Any fraction of a second is a microsecond: enough to tell the step that it falls into."""
    whole = pc.utf8_slice_codeunits(texts, 0, 19)
    seconds = pc.strptime(whole, "%Y-%m-%dT%H:%M:%S", "s", error_is_null=True).cast(pa.int64())
    fraction = pc.utf8_rtrim(pc.utf8_slice_codeunits(texts, 20), "Z0")
    more = pc.greater(pc.utf8_length(fraction), 0).cast(pa.int64())
    return pc.add(pc.multiply(seconds, SECOND), more)
