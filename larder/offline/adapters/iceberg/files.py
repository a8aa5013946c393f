"""Data files of an Iceberg table: rows written as Parquet, and row keys read back.

PyIceberg's own append needs its Rust companion for every transform but identity; with partitions
computed here the function's layer does without those 38 MB.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import count
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import And, BooleanExpression, GreaterThanOrEqual, LessThanOrEqual, Or
from pyiceberg.io.pyarrow import schema_to_pyarrow, write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table, WriteTask

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.arrow import arrow_table, cell_getters, column_name
from larder.offline.rows import Key, OfflineRow

_GAP_MICROS = 600_000_000
_MOST_RANGES = 16


def write_rows(table: Table, group: FeatureGroup, rows: Sequence[OfflineRow]) -> list[DataFile]:
    """Write the rows, in the order given, to one file per partition; no commit."""
    parts: dict[tuple[Any, ...], list[OfflineRow]] = defaultdict(list)
    place = _places(table, group)
    for row in rows:
        parts[place(row)].append(row)
    schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
    return write_parts(
        table, ((values, arrow_table(schema, group, part)) for values, part in parts.items())
    )


def write_parts(table: Table, parts: Iterable[tuple[tuple[Any, ...], pa.Table]]) -> list[DataFile]:
    """Write one file per partition, given as its values and its rows; no commit."""
    numbers, batch = count(), uuid4()
    tasks = (
        WriteTask(
            write_uuid=batch,
            task_id=next(numbers),
            schema=table.schema(),
            record_batches=rows.to_batches(),
            partition_key=_partition_key(table, values),
        )
        for values, rows in parts
    )
    return list(write_file(table.io, table.metadata, tasks))


def existing_keys(table: Table, group: FeatureGroup, rows: Iterable[OfflineRow]) -> set[Key]:
    """Which of the rows' keys the table's current snapshot holds.

    Only files whose bounds of ``write_time`` meet the rows' are opened.
    """
    wanted = {row.key for row in rows}
    micros = pa.array(sorted({key[2] for key in wanted}), pa.int64())
    columns = (column_name(group.record_identifier_name), column_name(group.event_time_name))
    ranges = time_ranges(micros.to_pylist())
    scan = table.scan(
        row_filter=reduce(Or, map(_within, ranges)), selected_fields=(*columns, "write_time")
    )
    found: set[Key] = set()
    for batch in scan.to_arrow_batch_reader():
        times = batch.column("write_time").cast(pa.int64())
        near = pc.is_in(times, value_set=micros)
        keys = (times, *(batch.column(name) for name in columns))
        write_times, identifiers, event_times = (column.filter(near).to_pylist() for column in keys)
        found.update(zip(identifiers, event_times, write_times, strict=True))
    return found & wanted


def time_ranges(micros: Sequence[int]) -> list[tuple[int, int]]:
    """Cover sorted instants by few ranges, cut where nothing lies between for ten minutes.

    Expiries may carry times long past; one range would meet every file in between.
    """
    gaps = sorted(
        (micros[place + 1] - micros[place], place)
        for place in range(len(micros) - 1)
        if micros[place + 1] - micros[place] > _GAP_MICROS
    )
    cuts = sorted(place for _, place in gaps[-(_MOST_RANGES - 1) :])
    starts = [0, *(place + 1 for place in cuts)]
    ends = [*cuts, len(micros) - 1]
    return [(micros[start], micros[end]) for start, end in zip(starts, ends, strict=True)]


def _within(bounds: tuple[int, int]) -> BooleanExpression:
    # pydantic's plugin-less signature hides the classes' own constructors from mypy
    at_least: Any = GreaterThanOrEqual
    at_most: Any = LessThanOrEqual
    return And(at_least("write_time", bounds[0]), at_most("write_time", bounds[1]))


def _places(table: Table, group: FeatureGroup) -> Any:  # noqa: ANN401 - a function of a row
    getters = cell_getters(group)
    fields = []
    for field in table.spec().fields:
        source = table.schema().find_field(field.source_id)
        fields.append((getters[source.name], field.transform.transform(source.field_type)))
    return lambda row: tuple(transform(get(row)) for get, transform in fields)


def _partition_key(table: Table, values: tuple[Any, ...]) -> PartitionKey | None:
    spec = table.spec()
    if spec.is_unpartitioned():
        return None
    pairs = zip(spec.fields, values, strict=True)
    return PartitionKey(
        field_values=[PartitionFieldValue(field=field, value=value) for field, value in pairs],
        partition_spec=spec,
        schema=table.schema(),
    )
