"""``python -m benchmarks.bulk_ingest SOURCE``: rows into an Iceberg table on this disk, measured.

SOURCE is a file as a user has it, or the folder of rows that a pipeline's run staged. A process of
its own: its memory is that work's alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pyarrow.fs import LocalFileSystem
from pyiceberg.catalog.sql import SqlCatalog

from benchmarks.bulk_group import DATABASE, Start, group
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.adapters.iceberg import IcebergBulk
from larder.ingestion.adapters.newest import newest_rows
from larder.ingestion.adapters.rejects import RejectsFile
from larder.ingestion.adapters.rows import BulkRows
from larder.ingestion.adapters.sources import open_source
from larder.ingestion.ingest import Ingestion, Job
from larder.ingestion.load import OnlineLoader
from larder.ingestion.ports import Run
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.progress import silent
from larder.testing.records import MemoryRecordStore
from larder.wiring.ingestion import OpenedSource

_FIRST_WRITTEN = 1_700_000_000_000_000


class _NoJournal:
    """Keeps nothing: the run is never tried again."""

    def begin(self, run: Run) -> Run:
        return run

    def note(self, run: Run) -> None:
        del run


def ingest(source: Path) -> None:
    """Ingest into an Iceberg table on this machine's disk, and print what that took."""
    with TemporaryDirectory(prefix="larder-") as folder:
        catalog = SqlCatalog("bench", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}")
        catalog.create_namespace(DATABASE)
        of = group(f"file://{folder}/bench")
        IcebergTables(catalog).create(of)
        loader = OnlineLoader(MemoryRecordStore(), lambda _name: of)
        use_case = Ingestion(
            IcebergBulk(catalog), _NoJournal(), loader, newest_rows, lambda: _FIRST_WRITTEN
        )
        start = Start()
        opened = _staged(source, of) if source.is_dir() else open_source(source)
        rows = BulkRows(of, opened.schema)
        with RejectsFile(Path(folder, "rejects.jsonl")) as rejects:
            job = Job(of, opened, rows, frozenset({TargetStore.OFFLINE}), "bench", rejects)
            done = use_case.run(job, silent)
        if done.rejected:
            raise RuntimeError(f"{done.rejected} rows were rejected")
        start.tell()
        catalog.close()


def _staged(folder: Path, of: FeatureGroup) -> OpenedSource:
    """Staged rows, opened as the publisher of a pipeline's run opens them."""
    staged = StagedParquet(lambda _bucket: LocalFileSystem())
    found = staged.source(str(folder), of.event_time_name, [each.name for each in of.features])
    if found is None:
        raise FileNotFoundError(f"{folder} has no rows")
    return found


if __name__ == "__main__":
    ingest(Path(sys.argv[1]))
