"""The Glue table over a group's hive-partitioned files: made, and widened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.groups.locations import data_uri
from larder.offline.adapters.glue_parquet import parquet_table
from larder.offline.adapters.hive.commits import Overtaken
from larder.offline.adapters.hive.schema import SYSTEM_COLUMNS, hive_columns
from larder.offline.adapters.iceberg.schema import UID_PROPERTY
from larder.offline.ports import TableUnusable

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import ColumnTypeDef, TableInputTypeDef, TableTypeDef

_KEPT = (
    "Name",
    "Description",
    "Owner",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "TableType",
    "Parameters",
)
"""What UpdateTable takes of what GetTable tells, and forgets where it is left out."""


def create_table(glue: GlueClient, group: FeatureGroup, store: OfflineStore) -> None:
    """Make the group's table; doing so twice is the same as once.

    Raises:
        TableUnusable: a table of that name exists and is not this group's, or the database is not
            there.
    """
    table = parquet_table(
        store.table,
        hive_columns(group),
        data_uri(store),
        description=f"History of feature group {group.name}",
    )
    table["Parameters"] = {**table["Parameters"], UID_PROPERTY: group.uid}
    try:
        glue.create_table(DatabaseName=store.database, TableInput=table)
    except glue.exceptions.AlreadyExistsException:
        load_table(glue, group, store)
    except glue.exceptions.EntityNotFoundException as error:
        raise TableUnusable(
            f"the database of offline table {store.database}.{store.table} does not exist"
        ) from error


def load_table(glue: GlueClient, group: FeatureGroup, store: OfflineStore) -> TableTypeDef:
    """The group's table.

    Raises:
        TableUnusable: it does not exist, or is not this group's.
    """
    name = f"{store.database}.{store.table}"
    try:
        table = glue.get_table(DatabaseName=store.database, Name=store.table)["Table"]
    except glue.exceptions.EntityNotFoundException as error:
        raise TableUnusable(f"the offline table {name} does not exist in the catalog") from error
    owner = table.get("Parameters", {}).get(UID_PROPERTY)
    if owner != group.uid:
        raise TableUnusable(
            f"the table {name} already exists and is not that of feature group {group.name} (its "
            f"property {UID_PROPERTY} is {owner!r}, not {group.uid!r})"
        )
    return table


def complete_table(glue: GlueClient, group: FeatureGroup, store: OfflineStore) -> None:
    """Add the columns of newer features, before SageMaker's own.

    Raises:
        TableUnusable: a column has another type, or the table is not this group's.
        Overtaken: somebody changed the table meanwhile.
    """
    table = load_table(glue, group, store)
    columns = cast("list[ColumnTypeDef]", table["StorageDescriptor"]["Columns"])
    missing = _missing(columns, group, store)
    if not missing:
        return
    ends = [place for place, each in enumerate(columns) if each["Name"] in SYSTEM_COLUMNS]
    place = min(ends, default=len(columns))
    wider = [*columns[:place], *missing, *columns[place:]]
    descriptor = {**table["StorageDescriptor"], "Columns": wider}
    # an empty Owner is refused
    kept = {name: value for name, value in table.items() if name in _KEPT and value}
    changed = cast("TableInputTypeDef", kept | {"StorageDescriptor": descriptor})
    try:
        glue.update_table(
            DatabaseName=store.database, TableInput=changed, VersionId=table["VersionId"]
        )
    except glue.exceptions.ConcurrentModificationException as error:
        raise Overtaken(f"{store.database}.{store.table} was changed meanwhile") from error


def _missing(
    columns: Iterable[ColumnTypeDef], group: FeatureGroup, store: OfflineStore
) -> list[ColumnTypeDef]:
    kinds = {column["Name"]: column.get("Type") for column in columns}
    missing: list[ColumnTypeDef] = []
    for name, kind in hive_columns(group).items():
        if name not in kinds:
            missing.append({"Name": name, "Type": kind})
        elif kinds[name] != kind:
            raise TableUnusable(
                f"column {name} of offline table {store.database}.{store.table} is {kinds[name]}, "
                f"not {kind}: give it back its type"
            )
    return missing
