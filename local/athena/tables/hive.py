"""Hive tables: files below locations, in the partitions that are registered or projected.

As in Athena, files in a folder that is no registered partition are not read. Columns are found by
name, and a column that a file lacks is null. ``SELECT *`` ends with the partition keys.
"""

# ruff: noqa: S608 - SQL is made here; names and strings in it are quoted by ``duck``
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.athena.engine.duck import name, text
from local.athena.relation import Relation
from local.athena.tables import projection
from local.athena.tables.cloud import Cloud, list_objects

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_CSV_SERDES = ("simple", "opencsv")


class HiveTables:
    """Finds a Hive table's files and says how DuckDB reads them."""

    def __init__(self, cloud: Cloud) -> None:
        self._glue = cloud.glue()
        self._s3 = cloud.s3()

    def rows(self, table: TableTypeDef) -> Relation:
        """The table's rows."""
        keys = [key["Name"] for key in table.get("PartitionKeys", [])]
        if keys:
            values_of = self._partitioned_files(table, keys)
        else:
            location = table["StorageDescriptor"]["Location"]
            values_of = {file: () for file, _ in list_objects(self._s3, location)}
        columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
        types = {column["Name"].lower(): duckdb_type(column["Type"]) for column in columns}
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name(c)}" for c, kind in types.items())
        names = tuple(types)
        if not values_of:
            return Relation(f"SELECT {nothing} WHERE false", names)
        casts = ", ".join(f"{_cast(name(c), kind)} AS {name(c)}" for c, kind in types.items())
        files = _reader(table, list(values_of)) + _partition_columns(values_of, keys)
        # The union supplies the columns that no file has.
        return Relation(
            f"SELECT {casts} FROM (SELECT {nothing} WHERE false UNION ALL BY NAME {files})", names
        )

    def _partitioned_files(
        self, table: TableTypeDef, keys: Sequence[str]
    ) -> dict[str, tuple[str, ...]]:
        location, parameters = table["StorageDescriptor"]["Location"], table.get("Parameters", {})
        if projection.is_projected(parameters):
            now = datetime.now(UTC).replace(tzinfo=None)
            match = projection.matcher(parameters, location, keys, now=now)
            root = projection.template(parameters, location, keys).partition("${")[0]
            listed = list_objects(self._s3, root.rpartition("/")[0])
            return {file: values for file, _ in listed if (values := match(file)) is not None}
        found: dict[str, tuple[str, ...]] = {}
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=table["DatabaseName"], TableName=table["Name"]
        )
        for partition in (p for page in pages for p in page["Partitions"]):
            below = partition["StorageDescriptor"]["Location"]
            values = tuple(partition["Values"])
            found.update({file: values for file, _ in list_objects(self._s3, below)})
        return found


def duckdb_type(hive_type: str) -> str:
    """DuckDB's name of a Hive type, nested ones included."""
    return exp.DataType.build(hive_type, dialect="hive").sql(dialect="duckdb")


def _cast(column: str, kind: str) -> str:
    """A file's value as the table's type. Trino rounds the times of Hive tables to milliseconds."""
    if kind == "TIMESTAMP":
        return f"CAST(TRY_CAST({column} AS TIMESTAMP_MS) AS TIMESTAMP)"
    return f"TRY_CAST({column} AS {kind})"


def _reader(table: TableTypeDef, files: Sequence[str]) -> str:
    """A query that yields each file's columns and ``filename``."""
    descriptor, parameters = table["StorageDescriptor"], table.get("Parameters", {})
    serde: Mapping[str, Any] = descriptor.get("SerdeInfo", {})
    library = serde.get("SerializationLibrary", "").lower()
    names = [column["Name"].lower() for column in descriptor["Columns"]]
    listed = "[" + ", ".join(map(text, files)) + "]"
    if "json" in library:
        kinds = {c["Name"].lower(): _json_type(c["Type"]) for c in descriptor["Columns"]}
        columns = ", ".join(f"{text(c)}: {text(kind)}" for c, kind in kinds.items())
        options = f"columns = {{{columns}}}, format = 'newline_delimited'"
        return f"SELECT * FROM read_json({listed}, {options}, filename = true)"
    if any(word in library for word in _CSV_SERDES):
        options = _csv_options(serde.get("Parameters", {}), parameters, names)
        return f"SELECT * FROM read_csv({listed}, {options}, filename = true)"
    options = "union_by_name = true, hive_partitioning = false"
    return f"SELECT * FROM read_parquet({listed}, {options}, filename = true)"


def _json_type(hive_type: str) -> str:
    """A text is read without its quotes; all else is cast from JSON."""
    return "VARCHAR" if duckdb_type(hive_type).startswith("TEXT") else "JSON"


def _csv_options(serde: Mapping[str, str], table: Mapping[str, str], names: Sequence[str]) -> str:
    delimiter = serde.get("separatorChar") or serde.get("field.delim") or ","
    quote = serde.get("quoteChar", '"')
    skip = int(table.get("skip.header.line.count", "0"))
    listed = ", ".join(f"{text(c)}: 'VARCHAR'" for c in names)
    return (
        f"auto_detect = false, header = false, skip = {skip}, delim = {text(delimiter)}, "
        f"quote = {text(quote)}, escape = {text(quote)}, columns = {{{listed}}}, "
        "null_padding = true, nullstr = '\\N'"
    )


def _partition_columns(values_of: Mapping[str, Sequence[str]], keys: Sequence[str]) -> str:
    if not keys:
        return ""
    rows = ", ".join(
        f"({', '.join(map(text, [file, *values]))})" for file, values in values_of.items()
    )
    columns = ", ".join(name(key.lower()) for key in keys)
    return f" JOIN (VALUES {rows}) AS partition_of(filename, {columns}) USING (filename)"
