"""Files of events as a table of the Glue catalog: what a pipeline with ``source.files`` reads.

A deployment makes the table. Of CSV all its columns are texts, and a SELECT gives them their types:
Athena's reader of CSV takes an empty cell for no number, and refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from larder.as_of.text import name, table_name
from larder.pipelines.definition import FileFormat, Pipeline, Source

_HIVE = "org.apache.hadoop.hive"
_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", f"{_HIVE}.ql.io.HiveIgnoreKeyTextOutputFormat")
_PARQUET = f"{_HIVE}.ql.io.parquet"
_READERS = {
    FileFormat.PARQUET: (
        (f"{_PARQUET}.MapredParquetInputFormat", f"{_PARQUET}.MapredParquetOutputFormat"),
        f"{_PARQUET}.serde.ParquetHiveSerDe",
    ),
    FileFormat.CSV: (_TEXT, f"{_HIVE}.serde2.OpenCSVSerde"),
    FileFormat.JSON: (_TEXT, "org.openx.data.jsonserde.JsonSerDe"),
}
"""Of each format, what splits and writes files, and what makes rows of them."""
_SQL_TYPES = {"boolean": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE"}


@dataclass(frozen=True, slots=True)
class FileTable:
    """What Glue needs of a table: its columns with Hive's types, and what reads its files."""

    name: str
    location: str
    columns: tuple[tuple[str, str], ...]
    input_format: str
    output_format: str
    serde: str
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def table_of_files(pipeline: Pipeline) -> FileTable | None:
    """The table over a pipeline's files; ``None`` where its source is another."""
    source = pipeline.source
    if source.files is None:
        return None
    texts = tuple((column, "string") for column, _ in source.typed)
    is_csv = source.format is FileFormat.CSV
    formats, serde = _READERS[source.format or FileFormat.PARQUET]
    header = {"skip.header.line.count": "1"} if is_csv else {}
    return FileTable(
        name=pipeline.group.lower(),
        location=source.files,
        columns=texts if is_csv else source.typed,
        input_format=formats[0],
        output_format=formats[1],
        serde=serde,
        serde_parameters={"separatorChar": ",", "quoteChar": '"'} if is_csv else {},
        parameters={"classification": str(source.format), **header},
    )


def over_files(pipeline: Pipeline, database: str) -> Pipeline:
    """The pipeline, reading the table that the deployment makes in a database."""
    made = table_of_files(pipeline)
    if made is None:
        return pipeline
    read = f"{database}.{made.name}"
    source = pipeline.source
    if source.format is FileFormat.CSV:
        sql = _typed(source, table_name(database, made.name))
        return replace(pipeline, source=replace(source, sql=sql, tables=(read,)))
    return replace(pipeline, source=replace(source, table=read))


def _typed(source: Source, table: str) -> str:
    columns = ", ".join(_cell(*each) for each in source.typed)
    return f"SELECT {columns} FROM {table}"  # noqa: S608 - names are quoted


def _cell(column: str, kind: str) -> str:
    """A cell in its type; an empty one is null, and one of another form fails."""
    filled = f"NULLIF({name(column)}, '')"
    sql_type = _SQL_TYPES.get(kind)
    return f"{filled if sql_type is None else f'CAST({filled} AS {sql_type})'} AS {name(column)}"
