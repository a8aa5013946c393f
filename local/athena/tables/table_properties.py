"""ALTER TABLE … SET TBLPROPERTIES, for Iceberg and Hive tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from local.athena.language.statements import Properties
from local.athena.tables.catalog import Catalog, is_iceberg

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableInputTypeDef

# What GetTable tells and UpdateTable takes back.
_KEPT = (
    *("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys"),
    *("TableType", "Parameters"),
)


def set_properties(catalog: Catalog, database: str, name: str, given: Properties) -> None:
    """Set properties; those of an Iceberg table live in its own metadata."""
    texts = {
        key: value if isinstance(value, str) else ",".join(value) for key, value in given.items()
    }
    found = catalog.table(database, name)
    if is_iceberg(found):
        table = catalog.iceberg.catalog.load_table(f"{database}.{name}")
        with table.transaction() as transaction:
            transaction.set_properties(texts)
        return
    # UpdateTable refuses empty texts, which GetTable returns for absent ones.
    kept = {key: value for key, value in found.items() if key in _KEPT and value != ""}
    kept["Parameters"] = {**found.get("Parameters", {}), **texts}
    catalog.glue.update_table(DatabaseName=database, TableInput=cast("TableInputTypeDef", kept))
