"""Iceberg's types by the names that Athena's DDL gives them."""

from __future__ import annotations

import re

from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from local.athena.errors import not_supported

# https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html
_TYPES: dict[str, IcebergType] = {
    "boolean": BooleanType(),
    "int": IntegerType(),
    "integer": IntegerType(),
    "bigint": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "string": StringType(),
    "binary": BinaryType(),
    "date": DateType(),
    "timestamp": TimestampType(),
}
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


def iceberg_type(name: str) -> IcebergType:
    """The Iceberg type of a column of CREATE TABLE.

    Raises:
        QueryFailed: NOT_SUPPORTED, naming the types that are.
    """
    decimal = _DECIMAL.fullmatch(name)
    if decimal:
        return DecimalType(int(decimal[1]), int(decimal[2]))
    if name not in _TYPES:
        raise not_supported(f"the Iceberg column type {name}", f"use {', '.join(_TYPES)}, decimal")
    return _TYPES[name]
