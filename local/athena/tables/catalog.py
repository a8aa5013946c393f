"""Tables by name, as the Glue catalog has them at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.athena.errors import QueryFailed, not_supported
from local.athena.relation import AsOf, Relation
from local.athena.tables.cloud import Cloud
from local.athena.tables.hive import HiveTables
from local.athena.tables.iceberg import IcebergTables

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_CATALOGS = ("awsdatacatalog", "hive")
Place = tuple[int, int]


class Catalog:
    """The account's Glue catalog with the tables' rows behind it."""

    def __init__(self, cloud: Cloud) -> None:
        self.glue = cloud.glue()
        self.s3 = cloud.s3()
        self.iceberg = IcebergTables(cloud)
        self._hive = HiveTables(cloud)

    def relation(
        self, parts: tuple[str, ...], *, database: str, as_of: AsOf | None, at: Place | None
    ) -> Relation:
        """How to read the table of that name, of one to three parts, in lower case.

        ``at`` is the name's place in the statement.

        Raises:
            QueryFailed: there is no such table, or it can't be read as asked.
        """
        database, wanted = full_name(parts, database)
        base, _, kind = wanted.partition("$")
        table = self.table(database, base, at=at)
        if table.get("TableType") == "VIRTUAL_VIEW":
            raise not_supported(f"the view {wanted}", "query the tables it is made of")
        if is_iceberg(table):
            location = table["Parameters"]["metadata_location"]
            if kind:
                return self.iceberg.metadata_table(location, kind)
            return self.iceberg.rows(location, as_of)
        if as_of or kind:
            message = f"Table '{database}.{base}' is no Iceberg table: it has no snapshots"
            raise QueryFailed("NOT_SUPPORTED", message, at=at)
        return self._hive.rows(table)

    def table(self, database: str, name: str, *, at: Place | None = None) -> TableTypeDef:
        """The Glue table.

        Raises:
            QueryFailed: TABLE_NOT_FOUND or SCHEMA_NOT_FOUND.
        """
        if database == "information_schema":
            raise not_supported("information_schema", "use SHOW TABLES, SHOW COLUMNS, DESCRIBE")
        try:
            return self.glue.get_table(DatabaseName=database, Name=name)["Table"]
        except self.glue.exceptions.EntityNotFoundException:
            pass
        try:
            self.glue.get_database(Name=database)
        except self.glue.exceptions.EntityNotFoundException:
            message = f"Schema '{database}' does not exist"
            raise QueryFailed("SCHEMA_NOT_FOUND", message, at=at) from None
        message = f"Table 'awsdatacatalog.{database}.{name}' does not exist"
        raise QueryFailed("TABLE_NOT_FOUND", message, at=at)


def full_name(parts: tuple[str, ...], database: str) -> tuple[str, str]:
    """Database and table of a name that may leave out catalog and database.

    Raises:
        QueryFailed: it names another catalog than Glue's.
    """
    if len(parts) == 3 and parts[0] not in _CATALOGS:
        raise QueryFailed("CATALOG_NOT_FOUND", f"Catalog '{parts[0]}' does not exist")
    if len(parts) > 3:
        raise QueryFailed("SYNTAX_ERROR", f"Too many dots in table name: {'.'.join(parts)}")
    return (parts[-2] if len(parts) > 1 else database), parts[-1]


def is_iceberg(table: TableTypeDef) -> bool:
    """Whether the Glue table points at Iceberg metadata."""
    parameters = table.get("Parameters", {})
    return parameters.get("table_type", "").upper() == "ICEBERG"
