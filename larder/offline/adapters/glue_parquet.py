"""Glue tables over Parquet files that lie below a location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableInputTypeDef

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def parquet_table(
    name: str, columns: Mapping[str, str], location: str, *, description: str
) -> TableInputTypeDef:
    """A table whose ``columns`` have Hive types; all files below ``location`` are its rows."""
    return {
        "Name": name,
        "Description": description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "StorageDescriptor": {
            "Location": location,
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
        },
    }
