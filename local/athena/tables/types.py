"""DuckDB's types as Athena and Glue name them."""

from __future__ import annotations

from dataclasses import dataclass

from duckdb.sqltypes import DuckDBPyType

# DuckDB's id: Athena's name, precision, scale, Hive's name.
_TYPES = {
    "boolean": ("boolean", 0, 0, "boolean"),
    "tinyint": ("tinyint", 3, 0, "tinyint"),
    "utinyint": ("smallint", 5, 0, "smallint"),
    "smallint": ("smallint", 5, 0, "smallint"),
    "usmallint": ("integer", 10, 0, "int"),
    "integer": ("integer", 10, 0, "int"),
    "uinteger": ("bigint", 19, 0, "bigint"),
    "bigint": ("bigint", 19, 0, "bigint"),
    "ubigint": ("bigint", 19, 0, "bigint"),
    "hugeint": ("bigint", 19, 0, "bigint"),
    "float": ("float", 17, 0, "float"),
    "double": ("double", 17, 0, "double"),
    "date": ("date", 0, 0, "date"),
    "time": ("time", 3, 0, "string"),
    "timestamp": ("timestamp", 3, 0, "timestamp"),
    "timestamp_s": ("timestamp", 3, 0, "timestamp"),
    "timestamp_ms": ("timestamp", 3, 0, "timestamp"),
    "timestamp_ns": ("timestamp", 3, 0, "timestamp"),
    "timestamp with time zone": ("timestamp with time zone", 3, 0, ""),
    "interval": ("interval day to second", 0, 0, ""),
    "blob": ("varbinary", 1073741824, 0, "binary"),
    "list": ("array", 0, 0, ""),
    "array": ("array", 0, 0, ""),
    "map": ("map", 0, 0, ""),
    "struct": ("row", 0, 0, ""),
}
_VARCHAR = ("varchar", 2147483647, 0, "string")


@dataclass(frozen=True, slots=True)
class Column:
    """A result column: its name and Athena's type of it."""

    name: str
    type: str = "varchar"
    precision: int = 2147483647
    scale: int = 0

    def info(self) -> dict[str, object]:
        """The ``ColumnInfo`` of Athena's API."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type == "varchar",
        }


def column(name: str, kind: DuckDBPyType) -> Column:
    """The result column of a DuckDB type."""
    if kind.id == "decimal":
        precision, scale = _decimal(kind)
        return Column(name, "decimal", precision, scale)
    athena, precision, scale, _ = _TYPES.get(kind.id, _VARCHAR)
    return Column(name, athena, precision, scale)


def hive_type(kind: DuckDBPyType) -> str | None:
    """The type as Glue's tables write it, None where Hive has none."""
    if kind.id == "decimal":
        precision, scale = _decimal(kind)
        return f"decimal({precision},{scale})"
    if kind.id in ("list", "array", "map", "struct"):
        parts = [(n, c) for n, c in kind.children if isinstance(c, DuckDBPyType)]
        inner = [(name, hive_type(child)) for name, child in parts]
        if any(child is None or (kind.id == "struct" and not name) for name, child in inner):
            return None
        if kind.id == "struct":
            return f"struct<{','.join(f'{name}:{child}' for name, child in inner)}>"
        word = "map" if kind.id == "map" else "array"
        return f"{word}<{','.join(str(child) for _, child in inner)}>"
    return _TYPES.get(kind.id, _VARCHAR)[3] or None


def _decimal(kind: DuckDBPyType) -> tuple[int, int]:
    sizes = {name: size for name, size in kind.children if isinstance(size, int)}
    return sizes["precision"], sizes["scale"]
