"""Rows that were added to an Iceberg table between two snapshots, the newest of each record.

They are read from the files that appends brought, wherever merges have put their rows since. To
them come the deletions in the whole history: a row that is added late must not bring back a record
whose newest version is a deletion. Few files have deletions, and Iceberg's statistics tell which.
"""

# ruff: noqa: S608 - the only names in the statements are our own
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.versions import VersionRows
from larder.materialization.adapters.latest_files import KeyedBatch
from larder.materialization.materialize import Added, NotKnown
from larder.offline.adapters.arrow import column_name
from larder.offline.adapters.iceberg.catalog import owned_table
from larder.offline.adapters.iceberg.commits import changes_rows, snapshots_after
from larder.tabular.columns import plain_type

Arrow = Any  # pyarrow is untyped
_MEMORY = "256MB"
_NEWEST = """SELECT identifier, high, low, written, packed FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY identifier ORDER BY high DESC, low DESC, live DESC, written DESC) AS place
  FROM rows WHERE identifier IN (SELECT identifier FROM rows WHERE added)
) WHERE place = 1 AND live"""


@dataclass(frozen=True, slots=True)
class IcebergAddedRows:
    """Implements ``larder.materialization.materialize.AddedRows``.

    ``clock`` gives nanoseconds since the epoch, by which records expire.
    """

    catalog: Catalog
    clock: Callable[[], int]
    batch_rows: int

    @contextmanager
    def between(self, group: FeatureGroup, since: int, until: int) -> Iterator[Added]:
        with (
            owned_table(self.catalog, group) as table,
            TemporaryDirectory(prefix="larder-") as name,
        ):
            _check(table, since, until)
            folder, rows = Path(name), VersionRows(group, recorded=True)
            added = _write(folder / "added.parquet", rows, _added(table, since, until), added=True)
            if not added:
                yield Added(0, 0, iter(()))
                return
            _write(folder / "deleted.parquet", rows, _deletions(table, until), added=False)
            with _duck(folder) as duck:
                found = duck.execute(f"SELECT COUNT(*) FROM ({_NEWEST})").fetchone()
                yield Added(added, found[0], self._batches(duck, rows))

    def _batches(self, duck: Any, rows: VersionRows) -> Iterator[KeyedBatch]:  # noqa: ANN401
        for batch in duck.execute(_NEWEST).to_arrow_reader(self.batch_rows):
            yield KeyedBatch.of(rows, pa.Table.from_batches([batch]), self.clock())


def _check(table: Table, since: int, until: int) -> None:
    """See ``AddedRows.between``."""
    now = table.snapshot_by_id(until)
    snapshots = snapshots_after(table, since, now) if now else None
    if snapshots is None:
        raise NotKnown("the snapshot of the last run has expired")
    if any(map(changes_rows, snapshots)):
        raise NotKnown("rows were erased or changed since the last run")


def _added(table: Table, since: int, until: int) -> Arrow:
    return table.incremental_append_scan(
        from_snapshot_id_exclusive=since, to_snapshot_id_inclusive=until
    ).to_arrow_batch_reader()


def _deletions(table: Table, until: int) -> Arrow:
    return table.scan("is_deleted = true", snapshot_id=until).to_arrow_batch_reader()


def _write(path: Path, rows: VersionRows, batches: Arrow, *, added: bool) -> int:
    """Keyed rows into a file; how many there are."""
    count, writer = 0, None
    try:
        for batch in batches:
            if len(batch):
                keyed = _keyed(rows, batch, added=added)
                writer = writer or pq.ParquetWriter(path, keyed.schema, compression="zstd")
                writer.write_table(keyed)
                count += len(batch)
    finally:
        if writer is not None:
            writer.close()
    return count


def _keyed(rows: VersionRows, batch: Arrow, *, added: bool) -> Arrow:
    table = pa.Table.from_batches([batch])
    features = [_plain(table.column(column_name(each.name))) for each in rows.group.features]
    named = pa.table(features, names=[f"f{place}" for place in range(len(features))])
    written = table.column("write_time").cast(pa.timestamp("us")).cast(pa.int64())
    gone = pc.fill_null(table.column("is_deleted"), False)
    keyed = rows.keyed(named.combine_chunks(), written)
    of_all = pa.array([added] * len(table), pa.bool_())
    return keyed.append_column("live", pc.invert(gone)).append_column("added", of_all)


def _plain(column: Arrow) -> Arrow:
    """In the types that Athena's files have; PyIceberg gives large ones."""
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return column.cast(pa.list_(plain_type(kind.value_type)))
    return column.cast(plain_type(kind))


@contextmanager
def _duck(folder: Path) -> Iterator[Any]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "threads": 2,
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": False,
    }
    with duckdb.connect(config=settings) as duck:
        files = f"read_parquet('{folder}/*.parquet')"
        duck.execute(f"CREATE VIEW rows AS SELECT * FROM {files}")
        yield duck
