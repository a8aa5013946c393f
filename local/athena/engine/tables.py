"""Tables made: CREATE TABLE AS, and Hive's CREATE TABLE for files and for Iceberg."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from duckdb.sqltypes import DuckDBPyType
from pyiceberg.exceptions import TableAlreadyExistsError

from local.athena.engine.duck import bytes_read
from local.athena.engine.queries import copy_options, require_empty, require_last, write_files
from local.athena.engine.session import Answer, Session
from local.athena.errors import QueryFailed, not_supported
from local.athena.language.statements import CreateTableAs
from local.athena.tables.partitions import register_partitions
from local.athena.tables.types import hive_type

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import StorageDescriptorTypeDef, TableInputTypeDef

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_ENFORCED = (
    "The Create Table As Select query failed because it was submitted with an "
    "'external_location' property to an Athena Workgroup that enforces a centralized output "
    "location for all queries. Please remove the 'external_location' property and resubmit"
)


def create_table_as(session: Session, statement: CreateTableAs) -> Answer:
    """Make a table of a query's rows, Parquet files of Hive's kind or Iceberg.

    Raises:
        QueryFailed: the table exists, its location is taken, or a column's type can't be stored.
    """
    database, table = session.named(statement.table)
    if _exists(session, database, table):
        if statement.if_not_exists:
            return Answer()
        raise _already_exists(database, table)
    if str(statement.properties.get("table_type", "hive")).lower() == "iceberg":
        return _iceberg_table_as(session, statement, database, table)
    return _hive_table_as(session, statement, database, table)


def _hive_table_as(session: Session, statement: CreateTableAs, database: str, table: str) -> Answer:
    properties = statement.properties
    if "bucketed_by" in properties:
        raise not_supported("bucketed_by", "use partitioned_by")
    location = properties.get("external_location")
    if location and session.order.location_enforced:
        raise QueryFailed("INVALID_TABLE_PROPERTY", _ENFORCED)
    location = str(location or session.order.tables_location)
    query, columns = session.output(statement.query)
    types = _hive_types(columns)
    given = properties.get("partitioned_by", ())
    keys = [key.lower() for key in ((given,) if isinstance(given, str) else given)]
    require_last(keys, list(types))
    options = copy_options(properties)
    if options["FORMAT"] != "parquet":
        raise not_supported(f"CREATE TABLE AS in {properties['format']}", "use format = 'PARQUET'")
    require_empty(session, location)
    files: tuple[str, ...] = ()
    count = 0
    if statement.with_data:
        files, count = write_files(session, query, location, keys, options)
    scanned = bytes_read(session.cursor)
    session.catalog.glue.create_table(
        DatabaseName=database, TableInput=parquet_table(table, types, keys, location)
    )
    if keys:
        register_partitions(session.catalog, database, table)
    return Answer(update_count=count, files=files, bytes_scanned=lambda: scanned)


def _iceberg_table_as(
    session: Session, statement: CreateTableAs, database: str, table: str
) -> Answer:
    if "partitioning" in statement.properties:
        raise not_supported("partitioning in CREATE TABLE AS", "CREATE the table, then INSERT")
    query, _ = session.output(statement.query)
    rows = session.cursor.execute(query).to_arrow_table()
    scanned = bytes_read(session.cursor)
    location = str(statement.properties.get("location", session.order.tables_location))
    try:
        made = session.catalog.iceberg.catalog.create_table(
            f"{database}.{table}", rows.schema, location=location.rstrip("/")
        )
    except TableAlreadyExistsError:
        raise _already_exists(database, table) from None
    if statement.with_data and rows.num_rows:
        made.append(rows)
    count = rows.num_rows if statement.with_data else 0
    return Answer(update_count=count, bytes_scanned=lambda: scanned)


def parquet_table(
    table: str, types: dict[str, str], keys: Sequence[str], location: str
) -> TableInputTypeDef:
    """A Glue table over Parquet files; ``keys`` are those of ``types`` that partition it."""
    columns = {name: kind for name, kind in types.items() if name not in keys}
    descriptor: StorageDescriptorTypeDef = {
        "Location": location,
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
    }
    return {
        "Name": table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "StorageDescriptor": descriptor,
        "PartitionKeys": [{"Name": key, "Type": types[key]} for key in keys],
    }


def _hive_types(columns: Sequence[tuple[str, DuckDBPyType]]) -> dict[str, str]:
    types: dict[str, str] = {}
    for name, kind in columns:
        found = hive_type(kind)
        if found is None:
            message = f"Unsupported Hive type: {str(kind).lower()} (column {name})"
            raise QueryFailed("NOT_SUPPORTED", message)
        if name in types:
            raise QueryFailed("DUPLICATE_COLUMN_NAME", f"Column name '{name}' specified twice")
        types[name] = found
    return types


def _exists(session: Session, database: str, table: str) -> bool:
    try:
        session.catalog.table(database, table)
    except QueryFailed as failure:
        if failure.code == "TABLE_NOT_FOUND":
            return False
        raise
    return True


def _already_exists(database: str, table: str) -> QueryFailed:
    message = f"Destination table 'awsdatacatalog.{database}.{table}' already exists"
    return QueryFailed("TABLE_ALREADY_EXISTS", message)
