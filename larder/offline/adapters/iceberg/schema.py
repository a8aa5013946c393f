"""A feature group's offline table: columns, partitions, order and properties.

Columns are the features in order, in Glue's types (AWS, "Offline store"), names lower-cased as Glue
has them. Then come ``write_time``, ``api_invocation_time`` and ``is_deleted``. The times are UTC
without a zone: Athena's DDL takes no other, and zoned ones break CTAS. A table is partitioned by
the day of a String event time, as SageMaker does it. With a Fractional one, for which SageMaker has
no Iceberg, it is partitioned by the day of ``write_time``.
"""

from __future__ import annotations

from typing import Any

from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import DayTransform, IdentityTransform, Transform, TruncateTransform
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)

from larder.event_time import EventTimeType
from larder.groups.feature_group import FeatureDefinition, FeatureGroup, FeatureType
from larder.offline.adapters.arrow import column_name
from larder.offline.ports import TableUnusable

UID_PROPERTY = "larder.group-uid"
IDENTIFIER_BOUND = 64
"""Letters that are kept of each file's least and greatest identifiers."""
ERASED_PROPERTY = "larder.erased"
RETRIES_PROPERTY = "commit.retry.num-retries"
SYSTEM_COLUMNS: dict[str, IcebergType] = {
    "write_time": TimestampType(),
    "api_invocation_time": TimestampType(),
    "is_deleted": BooleanType(),
}
_MEASURED_COLUMNS = 100
"""With more columns, bounds are kept of the keys alone, or each small file's would outweigh it."""


def schema_of(group: FeatureGroup) -> Schema:
    """The columns of a new table; the catalog gives them their lasting ids."""
    columns: dict[str, IcebergType] = {}
    for ordinal, feature in enumerate(group.features):
        columns[column_name(feature.name)] = _column_type(feature, -1 - ordinal)
    columns |= SYSTEM_COLUMNS
    return Schema(
        *(
            NestedField(place, name, kind, required=False)
            for place, (name, kind) in enumerate(columns.items(), start=1)
        )
    )


def partition_of(group: FeatureGroup, schema: Schema) -> PartitionSpec:
    """Daily partitions that no query has to name: Iceberg derives them from its filters."""
    event_time = column_name(group.event_time_name)
    if group.event_time_type is EventTimeType.STRING:
        source, name = event_time, f"{event_time}_trunc"
        transform: Transform[Any, Any] = TruncateTransform(width=10)
    else:
        source, name = "write_time", "write_time_day"
        transform = DayTransform()
    while name in schema.column_names:
        name += "_"
    return PartitionSpec(
        PartitionField(
            source_id=schema.find_field(source).field_id,
            field_id=PARTITION_FIELD_ID_START,
            transform=transform,
            name=name,
        )
    )


def sort_order_of(group: FeatureGroup, schema: Schema) -> SortOrder:
    """By identifier, then event time: what appends follow and compaction on AWS reads."""
    names = (column_name(group.record_identifier_name), column_name(group.event_time_name))
    return SortOrder(
        *(
            SortField(source_id=schema.find_field(name).field_id, transform=IdentityTransform())
            for name in names
        )
    )


def properties_of(group: FeatureGroup) -> dict[str, str]:
    """Properties of a new table.

    PyIceberg's own commit retries are off: they would skip the look for duplicates. Manifests are
    merged, because that look opens every one of them.
    """
    measured = "truncate(16)" if len(group.features) <= _MEASURED_COLUMNS else "none"
    metrics, cut = "write.metadata.metrics", f"truncate({IDENTIFIER_BOUND})"
    return {
        "format-version": "2",
        UID_PROPERTY: group.uid,
        RETRIES_PROPERTY: "0",
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": "30",
        "write.parquet.compression-codec": "zstd",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "20",
        f"{metrics}.default": measured,
        f"{metrics}.column.write_time": "full",
        f"{metrics}.column.{column_name(group.event_time_name)}": "full",
        f"{metrics}.column.{column_name(group.record_identifier_name)}": cut,
    }


def complete(table: Table, group: FeatureGroup) -> Table:
    """Add what the table lacks: columns of newer features, before the system columns.

    Raises:
        TableUnusable: a column has another type, or the table is another group's.
        CommitFailedException: somebody changed the table meanwhile.
    """
    check_owner(table, group)
    columns = {field.name: field.field_type for field in table.schema().fields}
    for name, kind in SYSTEM_COLUMNS.items():
        _check_type(table, name, kind, columns.get(name))
    missing: dict[str, IcebergType] = {}
    for ordinal, feature in enumerate(group.features):
        name, kind = column_name(feature.name), _column_type(feature, -1 - ordinal)
        if name in columns:
            _check_type(table, name, kind, columns[name])
        else:
            missing[name] = kind
    if not missing and table.properties.get(RETRIES_PROPERTY) == "0":
        return table
    with table.transaction() as change:
        if missing:
            with change.update_schema() as update:
                for name, kind in missing.items():
                    update.add_column(name, kind)
                    update.move_before(name, "write_time")
        change.set_properties({RETRIES_PROPERTY: "0"})
    return table


def check_owner(table: Table, group: FeatureGroup) -> None:
    """Raise ``TableUnusable`` if the table is not this group's, in this life of its name."""
    owner = table.properties.get(UID_PROPERTY)
    if owner != group.uid:
        raise TableUnusable(
            f"the table {'.'.join(table.name())} already exists and is not that of feature group "
            f"{group.name} (its property {UID_PROPERTY} is {owner!r}, not {group.uid!r})"
        )


def _check_type(
    table: Table, column: str, expected: IcebergType, actual: IcebergType | None
) -> None:
    if _shape(actual) != _shape(expected):
        raise TableUnusable(
            f"column {column} of offline table {'.'.join(table.name())} is {actual}, not "
            f"{expected}: give it back its type and name, then redrive"
        )


def _shape(kind: IcebergType | None) -> str:
    return f"list<{kind.element_type}>" if isinstance(kind, ListType) else str(kind)


def _column_type(feature: FeatureDefinition, element_id: int) -> IcebergType:
    scalar: IcebergType = {
        FeatureType.STRING: StringType(),
        FeatureType.INTEGRAL: LongType(),
        FeatureType.FRACTIONAL: DoubleType(),
    }[feature.type]
    if feature.collection is None:
        return scalar
    return ListType(element_id=element_id, element_type=scalar, element_required=False)
