"""Bulk ingestion over a local catalog and stores in memory, for tests."""

from contextlib import contextmanager
from pathlib import Path

from larder.groups.feature_group import TargetStore
from larder.ingestion.adapters.iceberg import IcebergBulk
from larder.ingestion.adapters.newest import newest_rows
from larder.ingestion.adapters.rejects import RejectsFile
from larder.ingestion.adapters.rows import BulkRows
from larder.ingestion.adapters.sources import open_source
from larder.ingestion.ingest import Ingestion, Job
from larder.ingestion.load import OnlineLoader
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.progress import silent
from larder.tabular.reading import Reading
from larder.testing.records import MemoryRecordStore
from tests.support.offline import WRITTEN, offline_group, sql_catalog

OFFLINE, ONLINE = TargetStore.OFFLINE, TargetStore.ONLINE
BOTH = frozenset(TargetStore)


class MemoryJournal:
    def __init__(self):
        self.runs = {}

    def begin(self, run):
        return self.runs.setdefault((run.group_uid, run.id), run)

    def note(self, run):
        self.runs[run.group_uid, run.id] = run


class Bench:
    """One group, its tables in a folder, its online store in memory."""

    def __init__(self, catalog, folder, **changes):
        table = changes.pop("table", "customers_1700000000")
        self.group = offline_group(f"file://{folder}/{table}", table=table, **changes)
        self.current = self.group
        self.folder, self.catalog = Path(folder), catalog
        self.tables = IcebergBulk(catalog)
        self.store, self.journal = MemoryRecordStore(), MemoryJournal()
        self.rejects = self.folder / "rejects.jsonl"
        IcebergTables(catalog).create(self.group)

    def ingest(
        self, source, *, targets=frozenset({OFFLINE}), run_id="run-1",
        delimiter=None, encoding=None, **options,
    ):  # fmt: skip
        loader = OnlineLoader(
            self.store,
            lambda _name: self.current,
            now_nanos=lambda: WRITTEN * 1000,
            threads=1,
            writes_per_second=1e9,
            sleep=lambda _seconds: None,
        )
        ingestion = Ingestion(self.tables, self.journal, loader, newest_rows, lambda: WRITTEN)
        opened = open_source(source, Reading(delimiter=delimiter, encoding=encoding))
        packs = ONLINE in targets
        rows = BulkRows(self.group, opened.schema, packs=packs, **options)
        with RejectsFile(self.rejects) as rejects:
            job = Job(self.group, opened, rows, targets, run_id, rejects)
            return ingestion.run(job, silent)

    def online(self):
        return {slot.identifier: version for slot, version in self.store.records.items()}


@contextmanager
def bench(folder, **changes):
    with sql_catalog(folder) as catalog:
        yield Bench(catalog, folder, **changes)
