"""Rows changed: INSERT into Iceberg and Hive tables; DELETE, UPDATE, MERGE in Iceberg tables."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyiceberg.table import FileScanTask, Table
from sqlglot import exp

from local.athena.engine.commits import committing, replace_files
from local.athena.engine.duck import bytes_read, name
from local.athena.engine.queries import copy_options, write_files
from local.athena.engine.session import Answer, Session
from local.athena.errors import QueryFailed, not_supported
from local.athena.tables.catalog import is_iceberg
from local.athena.tables.partitions import register_partitions

_WORK = "changed_rows"


def apply(session: Session, tree: exp.Insert | exp.Delete | exp.Update | exp.Merge) -> Answer:
    """Run INSERT, DELETE, UPDATE or MERGE."""
    return insert(session, tree) if isinstance(tree, exp.Insert) else change(session, tree)


def insert(session: Session, tree: exp.Insert) -> Answer:
    """Append a query's rows, matched to columns by position.

    Raises:
        QueryFailed: the numbers of columns differ, a value does not fit, or a commit conflicts.
    """
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    target = schema.this if schema else tree.this
    parts = tuple(part.name.lower() for part in target.parts)
    database, table = session.named(parts)
    found = session.catalog.table(database, table)
    rows = session.binder.rows(parts)
    all_types = {column: str(kind) for column, kind in session.describe(rows)}
    listed = [item.name.lower() for item in schema.expressions] if schema else list(all_types)
    query = _as_table_rows(session, tree.expression, all_types, listed)
    if is_iceberg(found):
        arrow = session.cursor.execute(query).to_arrow_table()
        scanned = bytes_read(session.cursor)
        commit(session.catalog.iceberg.catalog.load_table(f"{database}.{table}"), arrow)
        return Answer(update_count=arrow.num_rows, bytes_scanned=lambda: scanned)
    keys = [key["Name"] for key in found.get("PartitionKeys", [])]
    location = found["StorageDescriptor"]["Location"]
    options = copy_options({"format": "parquet"})
    files, count = write_files(session, query, location, keys, options)
    scanned = bytes_read(session.cursor)
    if keys:
        register_partitions(session.catalog, database, table)
    return Answer(update_count=count, files=files, bytes_scanned=lambda: scanned)


def change(session: Session, tree: exp.Delete | exp.Update | exp.Merge) -> Answer:
    """Run the statement on a copy of the table's rows and commit the copy as the new rows.

    Raises:
        QueryFailed: it is no Iceberg table, or another commit came first.
    """
    target = tree.this
    if not isinstance(target, exp.Table):
        raise QueryFailed("SYNTAX_ERROR", "mismatched input: the statement names no table")
    parts = tuple(part.name.lower() for part in target.parts)
    database, table_name = session.named(parts)
    if not is_iceberg(session.catalog.table(database, table_name)):
        message = "Modifying Hive table rows is only supported for transactional tables"
        raise QueryFailed("NOT_SUPPORTED", message)
    table = session.catalog.iceberg.catalog.load_table(f"{database}.{table_name}")
    scanned = _copy_rows(session, table)
    alias = target.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table_name))
    target.replace(exp.Table(this=exp.to_identifier(_WORK), alias=alias))
    for source in list(tree.find_all(exp.Table)):
        if source.name != _WORK and source.find_ancestor(exp.Query) is None:
            source.replace(session.binder.subquery(source))
    session.binder.bind_within(tree)
    result = session.cursor.execute(session.binder.text(tree)).fetchone()
    changed = int(result[0]) if result else 0
    if changed:
        kept = session.cursor.execute(f"SELECT * FROM {_WORK}").to_arrow_table()  # noqa: S608
        commit(table, kept, replacing=list(table.scan().plan_files()))
    return Answer(update_count=changed, bytes_scanned=lambda: scanned)


def _copy_rows(session: Session, table: Table) -> int:
    """Copy the table's rows into a temporary one; the bytes read for it."""
    rows = session.catalog.iceberg.rows(table.metadata_location)
    for key, value in rows.arrow.items():
        session.cursor.register(key, value)
    session.cursor.execute(f"CREATE TEMP TABLE {_WORK} AS {rows.sql}")
    return bytes_read(session.cursor)


def commit(
    table: Table, rows: pa.Table, *, replacing: Sequence[FileScanTask] | None = None
) -> None:
    """Commit rows, columns in the table's order, to an Iceberg table, as one snapshot.

    They are appended, or take the place of the data files of ``replacing``.

    Raises:
        QueryFailed: another commit came first, or a row lacks a required value.
    """
    schema = table.schema().as_arrow()
    try:
        fitting = rows.rename_columns(schema.names).cast(schema)
    except (ValueError, pa.ArrowInvalid) as error:
        raise QueryFailed("CONSTRAINT_VIOLATION", str(error)) from None
    if replacing is not None:
        replace_files(table, replacing, fitting)
    else:
        with committing(table):
            table.append(fitting)


def _as_table_rows(
    session: Session, source: exp.Expr, types: dict[str, str], listed: Sequence[str]
) -> str:
    """A query that yields the table's columns in order, those not listed null."""
    if isinstance(source, exp.Values):
        source = exp.select("*").from_(exp.alias_(source, "given", table=True))
    if not isinstance(source, exp.Query):
        raise not_supported("INSERT without a query or VALUES", "use INSERT INTO … SELECT")
    unknown = [column for column in listed if column not in types]
    if unknown:
        raise QueryFailed("COLUMN_NOT_FOUND", f"Insert column name does not exist: {unknown[0]}")
    bound = session.binder.bind(source)
    given = len(session.describe(bound))
    if given != len(listed):
        message = f"Insert query has {given} expressions but expected {len(listed)}"
        raise QueryFailed("MISMATCHED_COLUMN_COUNT", message, at=(1, 1))
    cells = [
        f"CAST({name(column) if column in listed else 'NULL'} AS {kind}) AS {name(column)}"
        for column, kind in types.items()
    ]
    renamed = ", ".join(map(name, listed))
    return f"SELECT {', '.join(cells)} FROM ({bound}) AS given({renamed})"  # noqa: S608
