"""The newest versions of the history in the order of the online store's keys, by way of files.

What Athena has unloaded is packed into one file on this machine, with each record's place. DuckDB
sorts it, in bounded memory, and gives it out in batches.
"""

# ruff: noqa: S608 - the only names in the statements are our own
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from larder.event_time import event_time_nanos
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.versions import VersionRows
from larder.materialization.adapters.latest_files import S3LatestFiles
from larder.reconciliation.judge import Newest
from larder.reconciliation.ports import Place
from larder.records.keys import sort_key
from larder.records.record import RecordVersion, State
from larder.records.values import slots_of

Arrow = Any  # pyarrow is untyped
_MEMORY = "256MB"
_BATCH_ROWS = 4096
_KEYED = ("identifier", "high", "low", "written", "packed")


@dataclass(frozen=True, slots=True)
class OrderedNewest:
    """Implements ``larder.reconciliation.ports.NewestFiles``, where ``files`` lie."""

    files: S3LatestFiles

    def location(self, group: FeatureGroup, name: str) -> str:
        return self.files.location(group, name)

    @contextmanager
    def ordered(
        self, group: FeatureGroup, location: str, shards: Collection[int]
    ) -> Iterator[Iterator[tuple[Place, Newest]]]:
        with ordered_rows(group, self.files.rows(location), shards) as found:
            yield found

    def remove(self, location: str) -> None:
        self.files.remove(location)


@contextmanager
def ordered_rows(
    group: FeatureGroup, batches: Iterable[Arrow], shards: Collection[int]
) -> Iterator[Iterator[tuple[Place, Newest]]]:
    """The rows of ``newest_version_query`` that belong to some shards, in the order of places."""
    with TemporaryDirectory(prefix="larder-") as name:
        rows, path = VersionRows(group, recorded=True), Path(name) / "rows.parquet"
        if _write(path, rows, batches, shards):
            with _duck(Path(name)) as duck:
                yield _ordered(duck, rows, path)
        else:
            yield iter(())


def _write(
    path: Path, rows: VersionRows, batches: Iterable[Arrow], shards: Collection[int]
) -> bool:
    """Whether there are any."""
    writer = None
    try:
        for batch in batches:
            placed = _placed(rows, batch, shards)
            if len(placed):
                writer = writer or pq.ParquetWriter(path, placed.schema, compression="zstd")
                writer.write_table(placed)
    finally:
        if writer is not None:
            writer.close()
    return writer is not None


def _placed(rows: VersionRows, batch: Arrow, shards: Collection[int]) -> Arrow:
    slot_of = slots_of(rows.group)
    keyed = rows.latest(batch)
    names = keyed.column("identifier").to_pylist()
    columns = {
        "shard": pa.array([slot_of(each).shard for each in names], pa.int32()),
        "position": pa.array(map(sort_key, names), pa.string()),
        "gone": batch.column("gone").cast(pa.bool_()),
    }
    for name, column in columns.items():
        keyed = keyed.append_column(name, column)
    if len(shards) == rows.group.shards:
        return keyed
    chosen = pa.array(list(shards), pa.int32())
    return keyed.filter(pc.is_in(keyed.column("shard"), value_set=chosen))


def _ordered(duck: Any, rows: VersionRows, path: Path) -> Iterator[tuple[Place, Newest]]:  # noqa: ANN401
    query = f"SELECT * FROM read_parquet('{path}') ORDER BY shard, position"
    for batch in duck.execute(query).to_arrow_reader(_BATCH_ROWS):
        versions = rows.versions(batch.select(list(_KEYED)))
        others = (batch.column(name).to_pylist() for name in ("shard", "position", "gone"))
        for (_, version), shard, position, gone in zip(versions, *others, strict=True):
            yield (shard, position), _newest(rows, version, gone=gone)


def _newest(rows: VersionRows, version: RecordVersion, *, gone: bool) -> Newest:
    if not gone:
        return Newest(version)
    event = event_time_nanos(version.event_key, rows.group.event_time_type) // 1000
    tombstone = replace(version, state=State.SOFT_DELETED, expires_at=None)
    return Newest(tombstone, by_expiry=abs(version.write_time - event) <= rows.doubt)


@contextmanager
def _duck(folder: Path) -> Iterator[Any]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "threads": 2,
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(config=settings) as duck:
        yield duck
