"""As-of joins on this machine: DuckDB over the tables' own Parquet files, without Athena."""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchTableError

from larder.as_of.athena import Labels
from larder.as_of.duckdb import as_of_duckdb_query
from larder.as_of.join import Join
from larder.as_of.text import literal, name, table_name
from larder.aws.s3_objects import Objects
from larder.offline.adapters.iceberg.versions import NOT_ICEBERG
from larder.offline.queries import QueryFailed, QueryRun, SnapshotGone
from larder.progress import Progress, Report
from larder.training_sets.adapters.duckdb_hive import hive_relation
from larder.training_sets.adapters.duckdb_s3 import bytes_read, connect
from larder.training_sets.ports import JoinTask, SourceTable


@dataclass(frozen=True, slots=True)
class DuckDbJoins:
    """Implements ``larder.training_sets.ports.JoinEngine`` in this process.

    ``database`` is the one that label tables are named in. What does not fit into memory spills to
    a temporary folder, through which the result's files pass too.
    """

    database: str
    objects: Objects
    catalog: GlueCatalog

    def query(self, labels: Labels, joins: Sequence[Join]) -> str:
        return as_of_duckdb_query(labels, joins)

    def run(self, task: JoinTask, report: Report) -> QueryRun:
        start = time.monotonic()
        report(Progress("query", "RUNNING"))
        with (
            TemporaryDirectory(prefix="larder-") as folder,
            connect(self.objects.client, Path(folder, "spill")) as connection,
        ):
            self._name_relations(task, connection)
            try:
                read = self._write(task, connection, Path(folder, "result"))
            except duckdb.Error as error:
                raise QueryFailed(f"DuckDB could not run the join: {error}") from error
        seconds = time.monotonic() - start
        report(Progress("query", "SUCCEEDED", seconds, bytes=read))
        return QueryRun(str(uuid.uuid4()), seconds, read)

    def _name_relations(self, task: JoinTask, connection: duckdb.DuckDBPyConnection) -> None:
        """Make views of the names that the query has for its tables."""
        for database in {self.database, *(each.database for each in task.tables)}:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name(database)}")
        files = ", ".join(literal(file.address) for file in task.labels.files)
        labels = table_name(self.database, task.label_table)
        connection.execute(f"CREATE VIEW {labels} AS SELECT * FROM read_parquet([{files}])")
        for source in task.tables:
            table = table_name(source.database, source.table)
            rows = self._rows(source, connection)
            connection.execute(f"CREATE VIEW IF NOT EXISTS {table} AS SELECT * FROM {rows}")

    def _rows(self, source: SourceTable, connection: duckdb.DuckDBPyConnection) -> str:
        """The rows of a table at the snapshot that was named, if its format has snapshots."""
        try:
            table = self.catalog.load_table((source.database, source.table))
        except NOT_ICEBERG:
            return self._hive_rows(source)
        except NoSuchTableError as error:
            raise SnapshotGone(f"there is no table {source.database}.{source.table}") from error
        if source.snapshot_id is None:
            relation = f"empty_{source.database}_{source.table}"
            connection.register(relation, table.schema().as_arrow().empty_table())
            return name(relation)
        metadata = literal(table.metadata_location)
        return f"iceberg_scan({metadata}, snapshot_from_id = {source.snapshot_id:d})"

    def _hive_rows(self, source: SourceTable) -> str:
        """The rows of a table of format Glue; the query reads those up to ``written_until``."""
        found = self.catalog.glue.get_table(DatabaseName=source.database, Name=source.table)
        location = f"{found['Table']['StorageDescriptor']['Location'].rstrip('/')}/"
        files = [address for address, _ in self.objects.listed(location)]
        return hive_relation(found["Table"], files)

    def _write(self, task: JoinTask, connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
        """Write the rows as Parquet and send the files; the bytes that were read for it."""
        folder.mkdir()
        target, options = folder / "part-00000.parquet", ["FORMAT parquet", "COMPRESSION zstd"]
        if task.partition_by:
            columns = ", ".join(name(column.lower()) for column in task.partition_by)
            target, options = folder, [*options, f"PARTITION_BY ({columns})", "OVERWRITE_OR_IGNORE"]
        statement = f"COPY ({task.query}) TO {literal(str(target))} ({', '.join(options)})"
        connection.execute(statement)
        read = bytes_read(connection)
        for path in sorted(folder.rglob("*.parquet")):
            self.objects.send(path, task.location + path.relative_to(folder).as_posix())
        return read
