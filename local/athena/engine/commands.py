"""Commands on the catalog: DROP, CREATE and DROP DATABASE, ALTER TABLE, MSCK, OPTIMIZE, VACUUM."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from local.athena.engine.maintenance import optimize, vacuum
from local.athena.engine.session import Answer, Session
from local.athena.errors import QueryFailed, not_supported
from local.athena.language.lexer import Reader
from local.athena.language.parsing import read_properties
from local.athena.language.statements import Command
from local.athena.show import describe, show
from local.athena.tables.catalog import is_iceberg
from local.athena.tables.cloud import delete_below
from local.athena.tables.partitions import register_partitions
from local.athena.tables.table_properties import set_properties
from local.athena.tables.types import Column

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import DatabaseInputTypeDef, PartitionInputTypeDef


def run(session: Session, command: Command, sql: str) -> Answer:
    """Read the rest of the command and do it.

    Raises:
        QueryFailed: it can't be read, is not supported, or names what does not exist.
    """
    first, second = command.words
    reader = Reader(sql)
    reader.expect(first)
    if first in _WHOLE:
        return _WHOLE[first](session, reader)
    action = _ACTIONS.get((first, second.replace("schema", "database")))
    if action is None:
        known = ", ".join(" ".join(words).upper() for words in _ACTIONS)
        raise not_supported(f"{first} {second}".upper(), f"supported are {known}, {_ALONE}")
    reader.expect(second)
    return action(session, reader)


def _drop_table(session: Session, reader: Reader) -> Answer:
    """Forget the table; an Iceberg table's files go with it, as in Athena, a Hive table's stay."""
    if_exists = reader.take("if", "exists")
    database, name = session.named(reader.name())
    reader.finish()
    try:
        table = session.catalog.table(database, name)
    except QueryFailed:
        if if_exists:
            return Answer()
        raise
    session.catalog.glue.delete_table(DatabaseName=database, Name=name)
    if is_iceberg(table):
        delete_below(session.catalog.s3, table["StorageDescriptor"]["Location"])
    return Answer()


def _create_database(session: Session, reader: Reader) -> Answer:
    if_not_exists = reader.take("if", "not", "exists")
    (name,) = reader.name()
    wanted: DatabaseInputTypeDef = {"Name": name}
    if reader.take("location"):
        wanted["LocationUri"] = reader.next("string").value
    reader.finish()
    glue = session.catalog.glue
    try:
        glue.create_database(DatabaseInput=wanted)
    except glue.exceptions.AlreadyExistsException:
        if not if_not_exists:
            message = f"Schema 'awsdatacatalog.{name}' already exists"
            raise QueryFailed("SCHEMA_ALREADY_EXISTS", message) from None
    return Answer()


def _drop_database(session: Session, reader: Reader) -> Answer:
    if_exists = reader.take("if", "exists")
    (name,) = reader.name()
    cascade = reader.take("cascade")
    reader.take("restrict")
    reader.finish()
    glue = session.catalog.glue
    try:
        tables = glue.get_tables(DatabaseName=name)["TableList"]
    except glue.exceptions.EntityNotFoundException:
        if if_exists:
            return Answer()
        raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{name}' does not exist") from None
    if tables and not cascade:
        message = f"Database {name} is not empty; drop its tables or add CASCADE"
        raise QueryFailed("SCHEMA_NOT_EMPTY", message)
    glue.delete_database(Name=name)
    return Answer()


def _alter_table(session: Session, reader: Reader) -> Answer:
    database, name = session.named(reader.name())
    if reader.take("set", "tblproperties"):
        given = read_properties(reader)
        reader.finish()
        set_properties(session.catalog, database, name, given)
        return Answer()
    if not reader.take("add"):
        raise not_supported("this ALTER TABLE", "supported are ADD PARTITION, SET TBLPROPERTIES")
    return _add_partition(session, reader, database, name)


def _add_partition(session: Session, reader: Reader, database: str, name: str) -> Answer:
    if_not_exists = reader.take("if", "not", "exists")
    table = session.catalog.table(database, name)
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    while not reader.at_end:
        values, location = _partition(reader)
        if set(values) != set(keys):
            raise QueryFailed("SYNTAX_ERROR", f"a partition of {name} has the keys {keys}")
        folder = "/".join(f"{key}={values[key]}" for key in keys)
        location = location or f"{table['StorageDescriptor']['Location'].rstrip('/')}/{folder}/"
        wanted: PartitionInputTypeDef = {
            "Values": [values[key] for key in keys],
            "StorageDescriptor": {**table["StorageDescriptor"], "Location": location},
        }
        glue = session.catalog.glue
        try:
            glue.create_partition(DatabaseName=database, TableName=name, PartitionInput=wanted)
        except glue.exceptions.AlreadyExistsException:
            if not if_not_exists:
                message = f"Partition already exists: {folder}"
                raise QueryFailed("ALREADY_EXISTS", message) from None
    return Answer()


def _partition(reader: Reader) -> tuple[dict[str, str], str]:
    """Values by key of PARTITION (key = value, …), and its LOCATION or nothing."""
    reader.expect("partition", "(")
    values = _partition_values(reader)
    return values, reader.next("string").value if reader.take("location") else ""


def _partition_values(reader: Reader) -> dict[str, str]:
    values: dict[str, str] = {}
    while True:
        key = reader.next("word", "quoted").value.lower()
        reader.expect("=")
        values[key] = reader.next("string", "number").value
        if reader.take(")"):
            return values
        reader.expect(",")


def _repair(session: Session, reader: Reader) -> Answer:
    reader.expect("table")
    database, name = session.named(reader.name())
    reader.finish()
    added = register_partitions(session.catalog, database, name)
    keys = [k["Name"] for k in session.catalog.table(database, name).get("PartitionKeys", [])]
    folders = ["/".join(map("=".join, zip(keys, values, strict=True))) for values in added]
    lines = [f"Repair: Added partition to metastore {name}:{folder}" for folder in folders]
    return Answer(columns=(Column("result"),), rows=iter([[line] for line in lines]))


_ACTIONS: dict[tuple[str, str], Callable[[Session, Reader], Answer]] = {
    ("drop", "table"): _drop_table,
    ("create", "database"): _create_database,
    ("drop", "database"): _drop_database,
    ("alter", "table"): _alter_table,
    ("msck", "repair"): _repair,
}
_WHOLE: dict[str, Callable[[Session, Reader], Answer]] = {
    "show": show,
    "describe": describe,
    "desc": describe,
    "optimize": optimize,
    "vacuum": vacuum,
}
_ALONE = "SHOW, DESCRIBE, OPTIMIZE, VACUUM"
