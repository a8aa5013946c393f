"""Columns of a table of format Glue: in the files, and in the catalog.

They are the features in order and then SageMaker's own three, as in an Iceberg table. The folders
of the hours are no columns: SageMaker's tables show none, ``SELECT *`` gives what was written.
"""

from __future__ import annotations

import pyarrow as pa

from larder.groups.feature_group import FeatureDefinition, FeatureGroup, FeatureType
from larder.offline.adapters.arrow import column_name

_ARROW = {
    FeatureType.STRING: pa.string(),
    FeatureType.INTEGRAL: pa.int64(),
    FeatureType.FRACTIONAL: pa.float64(),
}
_HIVE = {
    FeatureType.STRING: "string",
    FeatureType.INTEGRAL: "bigint",
    FeatureType.FRACTIONAL: "double",
}
SYSTEM_COLUMNS = {
    "write_time": "timestamp",
    "api_invocation_time": "timestamp",
    "is_deleted": "boolean",
}


def file_schema(group: FeatureGroup) -> pa.Schema:
    """The columns of a file; times are UTC without a zone, in microseconds."""
    fields = [pa.field(column_name(each.name), _arrow_type(each)) for each in group.features]
    micros = pa.timestamp("us")
    system = {"timestamp": micros, "boolean": pa.bool_()}
    return pa.schema([*fields, *((name, system[kind]) for name, kind in SYSTEM_COLUMNS.items())])


def hive_columns(group: FeatureGroup) -> dict[str, str]:
    """The columns of the table, with their Hive types."""
    features = {column_name(each.name): _hive_type(each) for each in group.features}
    return features | SYSTEM_COLUMNS


def _arrow_type(feature: FeatureDefinition) -> pa.DataType:
    scalar = _ARROW[feature.type]
    return scalar if feature.collection is None else pa.list_(scalar)


def _hive_type(feature: FeatureDefinition) -> str:
    scalar = _HIVE[feature.type]
    return scalar if feature.collection is None else f"array<{scalar}>"
