"""CREATE TABLE without a query: Hive's over files that exist, and empty Iceberg tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyiceberg.exceptions import TableAlreadyExistsError
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import NestedField
from sqlglot import exp

from local.athena.engine.session import Answer, Session
from local.athena.engine.tables import parquet_table
from local.athena.errors import QueryFailed, not_supported
from local.athena.tables.iceberg_types import iceberg_type

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef, TableInputTypeDef


def create_table(session: Session, tree: exp.Create) -> Answer:
    """Make the table in Glue.

    Raises:
        QueryFailed: it exists, has no location, or asks for what is not supported.
    """
    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise QueryFailed("SYNTAX_ERROR", "CREATE TABLE needs columns or AS with a query")
    database, name = session.named(tuple(part.name.lower() for part in schema.this.parts))
    properties = _properties(tree)
    location = next((p.name for p in tree.find_all(exp.LocationProperty)), None)
    if location is None:
        raise QueryFailed("MISSING_PROPERTY", "CREATE TABLE needs LOCATION 's3://…'")
    session.catalog.glue.get_database(Name=database)
    iceberg = properties.get("table_type", "").upper() == "ICEBERG"
    try:
        if iceberg:
            _create_iceberg(session, tree, f"{database}.{name}", location, properties)
        else:
            table = _hive_table(tree, name, location, properties)
            session.catalog.glue.create_table(DatabaseName=database, TableInput=table)
    except (TableAlreadyExistsError, session.catalog.glue.exceptions.AlreadyExistsException):
        if not tree.args.get("exists"):
            message = f"Table '{database}.{name}' already exists"
            raise QueryFailed("TABLE_ALREADY_EXISTS", message) from None
    return Answer()


def _hive_table(
    tree: exp.Create, name: str, location: str, properties: Mapping[str, str]
) -> TableInputTypeDef:
    columns = _columns(tree.this)
    partitioned = next(tree.find_all(exp.PartitionedByProperty), None)
    keys = _columns(partitioned.this) if partitioned else []
    types = {column["Name"]: column.get("Type", "string") for column in [*columns, *keys]}
    table = parquet_table(name, types, [key["Name"] for key in keys], location)
    table["Parameters"] = {"EXTERNAL": "TRUE", **properties}
    serde = next(tree.find_all(exp.RowFormatSerdeProperty), None)
    delimited = next(tree.find_all(exp.RowFormatDelimitedProperty), None)
    stored = next((p.name for p in tree.find_all(exp.FileFormatProperty)), "").lower()
    if serde:
        options = serde.args.get("serde_properties")
        parameters = {p.name: p.args["value"].name for p in options.expressions} if options else {}
        table["StorageDescriptor"]["SerdeInfo"] = {
            "SerializationLibrary": serde.name,
            "Parameters": parameters,
        }
    elif delimited or stored in ("", "textfile"):
        fields = delimited.args.get("fields") if delimited else None
        table["StorageDescriptor"]["SerdeInfo"] = {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": fields.name if fields else "\x01"},
        }
    elif stored != "parquet":
        raise not_supported(f"STORED AS {stored.upper()}", "use PARQUET, TEXTFILE or a JSON SerDe")
    return table


def _create_iceberg(
    session: Session, tree: exp.Create, name: str, location: str, properties: Mapping[str, str]
) -> None:
    columns = _columns(tree.this)
    fields = [
        NestedField(i, column["Name"], iceberg_type(column.get("Type", "string")), required=False)
        for i, column in enumerate(columns, 1)
    ]
    schema = Schema(*fields)
    table = session.catalog.iceberg.catalog.create_table_transaction(
        name,
        schema,
        location=location.rstrip("/"),
        partition_spec=PartitionSpec(),
        properties={key: text for key, text in properties.items() if key != "table_type"},
    )
    partitioned = next(tree.find_all(exp.PartitionedByProperty), None)
    with table as transaction, transaction.update_spec() as spec:
        for item in partitioned.this.expressions if partitioned else []:
            column, transform = _transform(item)
            spec.add_field(column, parse_transform(transform))


def _transform(item: exp.Expr) -> tuple[str, str]:
    """Column and Iceberg transform of one item of PARTITIONED BY."""
    column = next(item.find_all(exp.Identifier)).name.lower()
    if isinstance(item, exp.PartitionedByBucket | exp.PartitionByTruncate):
        word = "bucket" if isinstance(item, exp.PartitionedByBucket) else "truncate"
        number = next(literal for literal in item.find_all(exp.Literal)).name
        return column, f"{word}[{number}]"
    if isinstance(item, exp.Column | exp.Identifier | exp.ColumnDef):
        return column, "identity"
    word = item.name.lower() if isinstance(item, exp.Anonymous) else type(item).__name__.lower()
    if word not in ("year", "month", "day", "hour"):
        raise not_supported(
            f"partition transform {item.sql('athena')}",
            "use year, month, day, hour, bucket, truncate",
        )
    return column, word


def _columns(schema: exp.Expr) -> list[ColumnTypeDef]:
    return [
        {
            "Name": column.name.lower(),
            "Type": column.args["kind"].sql(dialect="hive").lower().replace(": ", ":"),
        }
        for column in schema.expressions
        if isinstance(column, exp.ColumnDef)
    ]


def _properties(tree: exp.Create) -> dict[str, str]:
    items = tree.args.get("properties")
    return {
        item.name.lower(): item.args["value"].name
        for item in (items.expressions if items else [])
        if type(item) is exp.Property
    }
