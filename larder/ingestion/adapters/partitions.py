"""A table of rows as data files: one file per partition, sorted as appends are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.transforms import DayTransform, TruncateTransform

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.arrow import column_name
from larder.offline.adapters.iceberg.files import write_parts

Arrow = Any  # pyarrow is untyped
_PLACE = "larder_partition_{}"


def write_partitions(table: Table, group: FeatureGroup, rows: Arrow) -> Sequence[DataFile]:
    """Write rows, whose columns are the table's; no commit."""
    fields = table.spec().fields
    places = [_PLACE.format(number) for number in range(len(fields))]
    names = table.schema()
    for place, field in zip(places, fields, strict=True):
        source = rows.column(names.find_field(field.source_id).name)
        rows = rows.append_column(place, _coarse(field, source))
    keys = [
        *places, column_name(group.record_identifier_name), column_name(group.event_time_name),
        "write_time",
    ]  # fmt: skip
    rows = rows.sort_by([(name, "ascending") for name in keys])
    return write_parts(
        table,
        ((_values(table, part), part.drop_columns(places)) for part in _parts(rows, places)),
    )


def _coarse(field: PartitionField, source: Arrow) -> Arrow:
    """What tells partitions apart, without the transform of every single value."""
    is_text = pa.types.is_string(source.type) or pa.types.is_large_string(source.type)
    if isinstance(field.transform, TruncateTransform) and is_text:
        return pc.utf8_slice_codeunits(source, 0, field.transform.width)
    if isinstance(field.transform, DayTransform):
        return source.cast(pa.date32())
    return source


def _parts(rows: Arrow, places: Sequence[str]) -> Iterator[Arrow]:
    """Rows that are sorted by their places, cut where those change."""
    if not places:
        yield rows
        return
    starts = {0}
    for place in places:
        column = rows.column(place).combine_chunks()
        changes = pc.not_equal(column.slice(1), column.slice(0, len(column) - 1))
        starts |= {each + 1 for each in pc.indices_nonzero(changes).to_pylist()}
    bounds = [*sorted(starts), len(rows)]
    for start, end in pairwise(bounds):
        yield rows.slice(start, end - start)


def _values(table: Table, part: Arrow) -> tuple[Any, ...]:
    """The partition's values, by the table's own transforms of one of its rows."""
    values = []
    for field in table.spec().fields:
        source = table.schema().find_field(field.source_id)
        value = part.column(source.name)[0]
        if pa.types.is_timestamp(value.type):
            value = value.cast(pa.int64())
        values.append(field.transform.transform(source.field_type)(value.as_py()))
    return tuple(values)
