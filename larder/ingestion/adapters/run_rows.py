"""Rows of a run as a table of the offline store has them, without those that were erased."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.rows import ROW
from larder.ingestion.ports import Run
from larder.offline.adapters.arrow import column_name
from larder.offline.erased_marks import Marks, mark_of

Arrow = Any  # pyarrow is untyped


def not_erased(group: FeatureGroup, run: Run, rows: Arrow, marks: Marks) -> Arrow:
    """The rows but those of identifiers that were erased since the run began.

    A row counts as given when its run began, whatever write time it has.
    """
    since = {mark for mark, time in marks.times.items() if time >= run.first_write_time}
    if not since or not len(rows):
        return rows
    column = rows.column(f"f{group.ordinals[group.record_identifier_name]}")
    erased = [each for each in column.unique().to_pylist() if mark_of(group.uid, each) in since]
    if not erased:
        return rows
    return rows.filter(pc.invert(pc.is_in(column, pa.array(erased, column.type))))


def table_rows(schema: Arrow, group: FeatureGroup, run: Run, rows: Arrow) -> Arrow:
    """Rows of a run in the columns of a table's schema; one that is not the group's is null."""
    times = pc.add(rows.column(ROW), run.first_write_time)
    system = {
        "write_time": times,
        "api_invocation_time": pa.repeat(run.first_write_time, len(rows)).cast(pa.int64()),
        "is_deleted": pa.repeat(False, len(rows)),
    }
    given = {column_name(f.name): rows.column(f"f{n}") for n, f in enumerate(group.features)}
    columns = given | system
    return pa.table(
        [
            columns[field.name].cast(field.type)
            if field.name in columns
            else pa.nulls(len(rows), field.type)
            for field in schema
        ],
        schema=schema,
    )
