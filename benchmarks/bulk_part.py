"""One measurement of bulk work, in a process of its own: its memory is that work's alone.

``python -m benchmarks.bulk_part ingest|load SOURCE ROWS [PORT]`` prints ``{"seconds", "peak_mb"}``.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pyarrow.fs
from pyiceberg.catalog.sql import SqlCatalog

from larder.adapters.bulk.entries import Entries
from larder.adapters.bulk.files import ParquetRows
from larder.adapters.bulk.iceberg import IcebergBulk
from larder.adapters.bulk.memory_load import MemoryLoader
from larder.adapters.bulk.newest import newest_rows
from larder.adapters.bulk.rejects import RejectsFile
from larder.adapters.bulk.rows import BulkRows
from larder.adapters.bulk.sources import open_source
from larder.adapters.bulk.versions import VersionRows
from larder.adapters.iceberg import IcebergTables
from larder.adapters.memory_records import MemoryRecordStore
from larder.adapters.valkey import Valkey, ValkeyEndpoint
from larder.bulk_loading import OnlineLoader
from larder.bulk_ports import Run
from larder.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
    OfflineStore,
    OnlineStore,
    StorageType,
    TargetStore,
)
from larder.ingestion import Ingestion, Job
from larder.progress import silent

DATABASE = "bench"
VALUES = 8
_FIRST_WRITTEN = 1_700_000_000_000_000


def group(location: str = "") -> FeatureGroup:
    """Ten features: identifier, event time, and numbers."""
    numbers = [FeatureDefinition(f"feature_{n:03}", FeatureType.FRACTIONAL) for n in range(VALUES)]
    return FeatureGroup(
        name="bench",
        uid="bench",
        arn="arn:aws:sagemaker:us-east-1:000000000000:feature-group/bench",
        record_identifier_name="id",
        event_time_name="event_time",
        features=(
            FeatureDefinition("id", FeatureType.STRING),
            FeatureDefinition("event_time", FeatureType.STRING),
            *numbers,
        ),
        online=OnlineStore(StorageType.IN_MEMORY),
        offline=OfflineStore(location, location, "AwsDataCatalog", DATABASE, "bench"),
        creation_time=0,
        last_modified_time=0,
        status=FeatureGroupStatus.CREATED,
    )


class _NoJournal:
    """Keeps nothing: the run is never tried again."""

    def begin(self, run: Run) -> Run:
        return run

    def note(self, run: Run) -> None:
        del run


def ingest(source: Path) -> float:
    """Seconds of an ingestion into an Iceberg table on this machine's disk."""
    with TemporaryDirectory(prefix="larder-") as folder:
        catalog = SqlCatalog("bench", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}")
        catalog.create_namespace(DATABASE)
        of = group(f"file://{folder}/bench")
        IcebergTables(catalog).create(of)
        loader = OnlineLoader(MemoryRecordStore())
        use_case = Ingestion(
            IcebergBulk(catalog), _NoJournal(), loader, newest_rows, lambda: 1_700_000_000 * 10**6
        )
        start = time.monotonic()
        opened = open_source(source, "event_time")
        rows = BulkRows(of, opened.schema)
        with RejectsFile(Path(folder, "rejects.jsonl")) as rejects:
            job = Job(of, opened, rows, frozenset({TargetStore.OFFLINE}), "bench", rejects)
            done = use_case.run(job, silent)
        if done.rejected:
            raise RuntimeError(f"{done.rejected} rows were rejected")
        seconds = time.monotonic() - start
        catalog.close()
        return seconds


def load(source: Path, port: int) -> float:
    """Seconds from a table of newest versions into Valkey."""
    of = group()
    rows = VersionRows(of, recorded=True)
    valkey = Valkey(ValkeyEndpoint.at(f"127.0.0.1:{port}", tls=False, ca_bundle=None))
    start = time.monotonic()
    with closing(ParquetRows.open(pyarrow.fs.LocalFileSystem(), str(source))) as file:

        def tables() -> Iterator[tuple[Any, float]]:
            for batch, _ in file:
                for first in range(0, len(batch), 16_384):
                    yield rows.latest(batch.slice(first, 16_384)), time.time() * 1000

        counts = MemoryLoader(valkey, Entries(of, offline=2)).load(tables())
    seconds = time.monotonic() - start
    if counts.missed or counts.kept:
        raise RuntimeError(f"not all entries were written: {counts}")
    return seconds


def main(kind: str, source: str, port: str = "0") -> None:
    """Measure one part."""
    seconds = ingest(Path(source)) if kind == "ingest" else load(Path(source), int(port))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(orjson.dumps({"seconds": seconds, "peak_mb": peak}).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
