"""Tables of format Glue as DuckDB reads them: Parquet files below a location, columns by name."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from larder.as_of.text import literal, name
from larder.errors import ValidationError

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_TYPES = {
    "string": "VARCHAR",
    "bigint": "BIGINT",
    "int": "INTEGER",
    "double": "DOUBLE",
    "float": "FLOAT",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
}
_ARRAY = re.compile(r"array<\s*(\w+)\s*>")


def hive_relation(table: TableTypeDef, files: Sequence[str]) -> str:
    """The rows of a table in its ``files``, as something to select from.

    As on Athena, a column that a file lacks is null, and one that the table lacks is left out.

    Raises:
        ValidationError: the table has partition keys, or a column of a type that is not read here.
    """
    place = f"{table.get('DatabaseName')}.{table['Name']}"
    if table.get("PartitionKeys"):
        raise ValidationError(f"table {place} has partition keys: use the engine athena")
    columns = [
        (each["Name"].lower(), _type(place, each["Name"], each.get("Type", "")))
        for each in table["StorageDescriptor"].get("Columns", [])
    ]
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name(column)}" for column, kind in columns)
    if not files:
        return f"(SELECT {nothing} WHERE FALSE)"
    casts = ", ".join(
        f"CAST({name(column)} AS {kind}) AS {name(column)}" for column, kind in columns
    )
    return (
        f"(SELECT {casts} FROM (SELECT {nothing} WHERE FALSE UNION ALL BY NAME "
        f"SELECT * FROM read_parquet([{_listed(files)}], union_by_name = TRUE, "
        "hive_partitioning = FALSE)))"
    )


def _listed(files: Iterable[str]) -> str:
    return ", ".join(literal(file) for file in files)


def _type(place: str, column: str, kind: str) -> str:
    element = _ARRAY.fullmatch(kind)
    found = _TYPES.get(element.group(1) if element else kind)
    if found is None:
        raise ValidationError(
            f"column {column} of table {place} is {kind}, which the engine duckdb does not read: "
            "use the engine athena"
        )
    return f"{found}[]" if element else found
