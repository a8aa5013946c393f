"""Rows of offline tables as Arrow: one mapping from a row to its columns, for every format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from larder.groups.feature_group import FeatureGroup
from larder.offline.rows import OfflineRow


def column_name(feature: str) -> str:
    """The column of a feature: Glue has lower case only."""
    return feature.lower()


def arrow_table(schema: pa.Schema, group: FeatureGroup, rows: Sequence[OfflineRow]) -> pa.Table:
    """The rows in the columns of a schema; one that is not the group's is null."""
    cells = cell_getters(group)
    columns = [_column(field, cells.get(field.name), rows) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def cell_getters(group: FeatureGroup) -> dict[str, Callable[[OfflineRow], Any]]:
    """How each column's value is taken from a row; times are µs since the epoch."""

    def value_at(ordinal: int) -> Callable[[OfflineRow], Any]:
        return lambda row: row.values[ordinal] if ordinal < len(row.values) else None

    return {
        column_name(feature.name): value_at(ordinal)
        for ordinal, feature in enumerate(group.features)
    } | {
        "write_time": lambda row: row.write_time,
        "api_invocation_time": lambda row: row.invocation_time,
        "is_deleted": lambda row: row.is_deleted,
    }


def sorted_unique(rows: Iterable[OfflineRow]) -> Iterator[OfflineRow]:
    """The rows by identifier and event time, each key once."""
    unique = {row.key: row for row in rows}
    return iter(sorted(unique.values(), key=lambda row: row.key))


def _column(
    field: pa.Field, get: Callable[[OfflineRow], Any] | None, rows: Sequence[OfflineRow]
) -> pa.Array:
    if get is None:  # a column that somebody else added
        return pa.nulls(len(rows), field.type)
    if pa.types.is_timestamp(field.type):
        return pa.array(map(get, rows), pa.int64()).cast(field.type)
    return pa.array(map(get, rows), field.type)
