"""SHOW and DESCRIBE: the catalog in Athena's words, one line of text a row."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local.athena.engine.duck import text
from local.athena.engine.session import Answer, Session
from local.athena.errors import not_supported
from local.athena.language.lexer import Reader
from local.athena.tables.partitions import registered
from local.athena.tables.types import Column

_SUPPORTED = "use SHOW DATABASES, TABLES, COLUMNS, PARTITIONS or CREATE TABLE"


def show(session: Session, reader: Reader) -> Answer:
    """SHOW DATABASES | TABLES | COLUMNS | PARTITIONS | CREATE TABLE."""
    glue = session.catalog.glue
    if reader.take("databases") or reader.take("schemas"):
        pages = glue.get_paginator("get_databases").paginate()
        names = sorted(d["Name"] for page in pages for d in page["DatabaseList"])
        return _lines("database_name", _matching(names, reader))
    if reader.take("tables"):
        inside = reader.take("in") or reader.take("from")
        database = reader.name()[-1] if inside else session.order.database
        tables = glue.get_paginator("get_tables").paginate(DatabaseName=database)
        names = sorted(t["Name"] for page in tables for t in page["TableList"])
        return _lines("tab_name", _matching(names, reader))
    if reader.take("columns"):
        if not reader.take("in"):
            reader.expect("from")
        return _lines("field", [name for name, _, _ in _columns(session, reader)])
    if reader.take("partitions"):
        database, name = session.named(reader.name())
        table = session.catalog.table(database, name)
        keys = [key["Name"] for key in table.get("PartitionKeys", [])]
        values = registered(session.catalog, database, name)
        return _lines(
            "partition", ["/".join(map("=".join, zip(keys, v, strict=True))) for v in values]
        )
    if reader.take("create", "table"):
        return _lines("createtab_stmt", _create_table(session, reader))
    raise not_supported("this SHOW", _SUPPORTED)


def describe(session: Session, reader: Reader) -> Answer:
    """DESCRIBE [FORMATTED | EXTENDED] table: name, type and comment in one padded line each."""
    if not reader.take("formatted"):
        reader.take("extended")
    described = _columns(session, reader)
    lines = ["\t".join(part.ljust(20) for part in parts) for parts in described]
    columns = (Column("col_name"), Column("data_type"), Column("comment"))
    return Answer(columns=columns, rows=iter([[line] for line in lines]))


def _columns(session: Session, reader: Reader) -> list[tuple[str, str, str]]:
    table = session.catalog.table(*session.named(reader.name()))
    reader.finish()
    columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
    return [(c["Name"].lower(), c.get("Type", ""), c.get("Comment", "")) for c in columns]


def _create_table(session: Session, reader: Reader) -> Iterable[str]:
    database, name = session.named(reader.name())
    table = session.catalog.table(database, name)
    descriptor, keys = table["StorageDescriptor"], table.get("PartitionKeys", [])
    yield f"CREATE EXTERNAL TABLE `{database}.{name}`("
    columns = [f"  `{c['Name']}` {c['Type']}" for c in descriptor["Columns"]]
    yield from [f"{column}," for column in columns[:-1]]
    yield f"{columns[-1]})"
    if keys:
        yield "PARTITIONED BY (" + ", ".join(f"`{k['Name']}` {k['Type']}" for k in keys) + ")"
    library = descriptor.get("SerdeInfo", {}).get("SerializationLibrary")
    if library:
        yield f"ROW FORMAT SERDE {text(library)}"
    yield f"LOCATION {text(descriptor['Location'])}"
    parameters = sorted(table.get("Parameters", {}).items())
    listed = ", ".join(f"{text(key)}={text(value)}" for key, value in parameters)
    yield f"TBLPROPERTIES ({listed})"


def _matching(names: list[str], reader: Reader) -> list[str]:
    """Those that fit the pattern of LIKE, in which ``*`` means anything and ``|`` means or."""
    reader.take("like")
    if reader.at_end:
        return names
    pattern = reader.next("string").value
    reader.finish()
    regex = "|".join(re.escape(part).replace(r"\*", ".*") for part in pattern.split("|"))
    return [name for name in names if re.fullmatch(regex, name)]


def _lines(column: str, lines: Iterable[str]) -> Answer:
    return Answer(columns=(Column(column),), rows=([line] for line in lines))
