"""SELECT into a result, and queries into files: UNLOAD."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from duckdb.sqltypes import DuckDBPyType
from sqlglot import exp

from local.athena.engine.duck import bytes_read, name, text
from local.athena.engine.session import Answer, Cells, Session
from local.athena.errors import QueryFailed, not_supported
from local.athena.language.dialect import column_names, name_columns
from local.athena.language.statements import Properties, Unload
from local.athena.tables.cloud import split_s3
from local.athena.tables.types import column, hive_type
from local.athena.texts import writer

_CHUNK = 10_000
_PARQUET_CODECS = ("gzip", "snappy", "zstd", "lz4", "uncompressed")
_DELIMITERS = {"\\t": "\t", "\\001": "\x01"}


def select(session: Session, query: exp.Query) -> Answer:
    """Run a query; its rows are fetched as they are read."""
    name_columns(query)
    sql, digits = session.binder.bind_typed(query)
    cursor = session.cursor.execute(sql)
    names = column_names([entry[0] for entry in cursor.description])
    kinds: list[DuckDBPyType] = [entry[1] for entry in cursor.description]
    if len(digits) != len(kinds):
        digits = [None] * len(kinds)
    writers = [writer(kind, each) for kind, each in zip(kinds, digits, strict=True)]

    def rows() -> Iterator[Cells]:
        while chunk := cursor.fetchmany(_CHUNK):
            for row in chunk:
                yield [write(value) for write, value in zip(writers, row, strict=True)]

    return Answer(
        columns=tuple(map(column, names, kinds)),
        rows=rows(),
        header=True,
        bytes_scanned=lambda: bytes_read(cursor),
    )


def unload(session: Session, statement: Unload) -> Answer:
    """Write a query's rows to a location that must be empty.

    Raises:
        QueryFailed: the location is taken or the format unknown.
    """
    properties = statement.properties
    query, columns = session.output(statement.query)
    for column_name, kind in columns:
        if hive_type(kind) is None:
            message = f"Unsupported Hive type: {str(kind).lower()} (column {column_name})"
            raise QueryFailed("NOT_SUPPORTED", message)
    require_empty(session, statement.location)
    partitions = properties.get("partitioned_by", ())
    keys = (partitions,) if isinstance(partitions, str) else partitions
    require_last(keys, [column_name for column_name, _ in columns])
    files, count = write_files(session, query, statement.location, keys, copy_options(properties))
    return Answer(files=files, update_count=count, bytes_scanned=lambda: bytes_read(session.cursor))


def write_files(
    session: Session, query: str, location: str, keys: Sequence[str], options: Mapping[str, str]
) -> tuple[tuple[str, ...], int]:
    """Write a DuckDB query's rows below a location; the files' addresses and the rows' number.

    ``keys`` are columns whose values become folders ``key=value``.
    """
    query_id, base = session.order.query_id, location.rstrip("/")
    extension = options["FORMAT"]
    settings = dict(options) | {"RETURN_FILES": "true"}
    target = f"{base}/{query_id}_0.{extension}"
    if keys:
        target = base
        settings["PARTITION_BY"] = f"({', '.join(map(name, keys))})"
        settings["FILENAME_PATTERN"] = text(f"{query_id}_{{uuid}}")
        settings["APPEND"] = "true"
    listed = ", ".join(f"{key} {value}" for key, value in settings.items())
    row = session.cursor.execute(f"COPY ({query}) TO {text(target)} ({listed})").fetchone()
    count, files = row or (0, [])
    return tuple(files), int(count)


def copy_options(properties: Properties) -> dict[str, str]:
    """DuckDB's COPY options for Athena's ``format`` and ``compression``, gzip unless said.

    Raises:
        QueryFailed: NOT_SUPPORTED, naming the formats that are.
    """
    form = str(properties.get("format", "parquet")).lower()
    given = properties.get("compression", properties.get("write_compression", "gzip"))
    codec = str(given).lower().replace("none", "uncompressed")
    if form == "parquet" and codec in _PARQUET_CODECS:
        return {"FORMAT": "parquet", "COMPRESSION": text(codec)}
    if form in ("textfile", "csv", "json") and codec in ("gzip", "uncompressed"):
        packed = {"COMPRESSION": text(codec.replace("uncompressed", "none"))}
        if form == "json":
            return {"FORMAT": "json"} | packed
        delimiter = str(properties.get("field_delimiter", "," if form == "csv" else "\x01"))
        delimiter = _DELIMITERS.get(delimiter, delimiter)
        return {"FORMAT": "csv", "HEADER": "false", "DELIMITER": text(delimiter)} | packed
    raise not_supported(
        f"format {form.upper()} with compression {codec.upper()}",
        f"use PARQUET with {', '.join(_PARQUET_CODECS)}, or TEXTFILE, CSV, JSON with gzip, none",
    )


def require_last(keys: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse partition keys that are not a query's last columns, in that order.

    Raises:
        QueryFailed: they are not.
    """
    if keys and list(keys) != list(columns)[-len(keys) :]:
        message = f"Partition keys must be the last columns in the table, in order: {list(keys)}"
        raise QueryFailed("HIVE_COLUMN_ORDER_MISMATCH", message)


def require_empty(session: Session, location: str) -> None:
    """Refuse a location that holds anything already.

    Raises:
        QueryFailed: it does, or it is no S3 address.
    """
    bucket = None
    with suppress(ValueError):
        bucket, key = split_s3(location)
    if bucket is None:
        raise QueryFailed("INVALID_TABLE_PROPERTY", f"location {location!r} is not s3://…")
    prefix = key.rstrip("/") + "/" if key else ""
    listed = session.catalog.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    if listed.get("Contents"):
        raise QueryFailed(
            "HIVE_PATH_ALREADY_EXISTS",
            f"Target directory for table already exists: {location}. "
            "You may need to manually clean the data at location before retrying",
        )
