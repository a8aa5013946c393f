"""An incremental materialization leaves the online store as a full one would, whatever came before.

Histories are random: rows of any event time, deletions, merges of files, expired snapshots,
erasures, and rows deleted by hand. Both stores see the same moments; one is filled by incremental runs, one by full runs.
"""

import random
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyiceberg.expressions import EqualTo

from larder.as_of.latest import latest_query
from larder.erasure.adapters.iceberg import IcebergErasure
from larder.erasure.erase import Subject
from larder.errors import ValidationError
from larder.event_time import NANOS
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureType,
    OnlineStore,
    StorageType,
    TtlDuration,
)
from larder.ingestion.adapters.versions import VersionRows
from larder.ingestion.load import OnlineLoader
from larder.materialization.adapters import added_rows
from larder.materialization.adapters.added_rows import IcebergAddedRows
from larder.materialization.adapters.latest_files import KeyedBatch
from larder.materialization.materialize import Asked, Materialization
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.queries import QueryRun
from larder.offline.upkeep import UpkeepRules
from larder.progress import silent
from larder.records.values import slot_of
from larder.testing.records import MemoryRecordStore
from tests.support.as_of import arrow_on_duckdb
from tests.support.groups import group_settings
from tests.support.materialization import MemoryPositions
from tests.support.offline import offline_group, row, seconds, sql_catalog

BEGIN = 1_704_240_000 * NANOS
MERGE = UpkeepRules(min_files=2, settled_minutes=0, full_hours=999)
EXPIRE = UpkeepRules(min_files=999, full_hours=0, snapshot_days=0)
DAY = 86_400_000_000
NAMES = [f"c{number}" for number in range(5)]
STEPS = 25


class NoShredder:
    """Removes files of this machine."""

    def shred(self, paths):
        for path in paths:
            Path(path.removeprefix("file://")).unlink(missing_ok=True)

    def shred_removed(self, _location):
        return 0


class History:
    """A table whose rows are written, merged, expired and erased; ``clock`` is in nanoseconds."""

    def __init__(self, folder, catalog, rng):
        self.rng, self.catalog, self.now = rng, catalog, BEGIN
        ttl = TtlDuration("Days", 2) if rng.random() < 0.3 else None
        online = OnlineStore(StorageType.STANDARD, ttl=ttl)
        self.group = offline_group(f"file://{folder}/table", online=online)
        self.tables = IcebergTables(catalog)
        self.tables.create(self.group)
        self.positions, self.kinds = MemoryPositions(), Counter()
        self.stores = {each: MemoryRecordStore() for each in ("incremental", "full")}

    def clock(self):
        self.now += 1000
        return self.now

    def append(self):
        """Some rows, many of them older than those before."""
        rows = []
        for _ in range(self.rng.randint(1, 4)):
            name, gone = self.rng.choice(NAMES), self.rng.random() < 0.25
            hour = self.rng.randrange(48)
            time = f"2024-01-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"
            written = self.clock() // 1000
            values = (name, time) if gone else (name, time, None, None, f"city-{written}")
            rows.append(row(name, time, written, is_deleted=gone, values=values))
        self.tables.append(self.group, rows, remaining=seconds(60))

    def keep(self, rules):
        # snapshots are as old as this test, so a day later is when all of them may go
        upkeep = IcebergUpkeep(self.catalog, lambda: time.time_ns() // 1000 + DAY)
        upkeep.keep(self.group, rules, (), seconds(600))

    def erase(self):
        """From the history and from both stores, as an erasure does."""
        name, time = self.rng.choice(NAMES), self.clock() // 1000
        subject = Subject(self.group, slot_of(self.group, name), time, alive=True)
        IcebergErasure(self.catalog, NoShredder()).erase([subject], dry_run=False)
        for store in self.stores.values():
            store.records.pop(subject.slot, None)

    def delete(self):
        """By a statement of somebody's own: the online store hears nothing of it."""
        offline = self.group.offline
        table = self.catalog.load_table((offline.database, offline.table))
        names = sorted(set(table.scan().to_arrow().column("customer_id").to_pylist()))
        if names:
            table.delete(EqualTo("customer_id", self.rng.choice(names)))

    def materialize(self):
        done = {}
        for each, store in self.stores.items():
            asked = Asked(incremental=each == "incremental")
            done[each] = self.use_case(store, each).run(self.group, asked, silent)
        self.check()
        kind = "incremental" if done["incremental"].rows_added is not None else "full"
        self.kinds[done["incremental"].full_because or kind] += 1
        return done["incremental"]

    def use_case(self, store, kind):
        files = Latest(self)
        return Materialization(
            versions=IcebergVersions(self.catalog, lambda: self.now / NANOS),
            queries=files,
            files=files,
            added=IcebergAddedRows(self.catalog, lambda: self.now, 2),
            positions=self.positions if kind == "incremental" else MemoryPositions(),
            loader=OnlineLoader(
                store, group_settings(self.group).get, lambda: self.now, 1, writes_per_second=1e9
            ),
            clock=self.clock,
            new_id=lambda: "x",
            offered=lambda _offered: None,
        )

    def check(self):
        incremental, full = (self.shown(store) for store in self.stores.values())
        assert incremental == full

    def shown(self, store):
        """What readers see."""
        return {
            slot.identifier: (each.event_key, each.write_time, each.packed)
            for slot, each in store.records.items()
            if not each.is_absent(self.now)
        }


class Latest:
    """Athena's query for the newest versions, on DuckDB, and its result."""

    def __init__(self, history):
        self.history, self.group = history, history.group
        self.found = None

    def run(self, _sql, _report):
        offline = self.group.offline
        rows = self.history.catalog.load_table((offline.database, offline.table)).scan().to_arrow()
        table = FeatureTable.of(self.group)
        version = TableVersion(None, frozenset(rows.column_names))
        text = latest_query(table, version, as_of=None, since=None)
        text = text.replace(f'"{table.database}"', '"larder_dev"')
        self.found = arrow_on_duckdb(text, {table.table: rows})
        return QueryRun("q", 0.0, 7)

    def location(self, _group, _name):
        return "s3://bucket/x/"

    def count(self, _location):
        return len(self.found)

    def batches(self, group, _location):
        columns = VersionRows(group, recorded=True)
        for batch in self.found.combine_chunks().to_batches():
            yield KeyedBatch.of(columns, columns.latest(batch), self.history.now)

    def remove(self, _location):
        """Nothing is kept."""


@contextmanager
def history(folder, seed):
    folder.mkdir(exist_ok=True)
    with sql_catalog(folder) as catalog:
        yield History(folder, catalog, random.Random(seed))


def steps(each, count):
    acts = [each.append] * 5 + [lambda: each.keep(MERGE), each.materialize, each.materialize]
    acts += [each.erase] if each.rng.random() < 0.3 else []
    acts += [each.delete] if each.rng.random() < 0.3 else []
    acts += [lambda: each.keep(EXPIRE)] if each.rng.random() < 0.3 else []
    for _ in range(count):
        each.rng.choice(acts)()
    each.materialize()


def run(folder, seeds):
    kinds = Counter()
    for seed in seeds:
        with history(folder / str(seed), seed) as each:
            steps(each, STEPS)
            kinds += each.kinds
    return kinds


def test_s6_incremental_runs_give_what_full_runs_give(tmp_path):
    # the seeds have every reason for a full run
    kinds = run(tmp_path, (2, 3, 5, 8))
    assert kinds["incremental"] > 10
    assert kinds["the snapshot of the last run has expired"]
    assert kinds["rows were erased or changed since the last run"]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_incremental_runs_of_many_histories(tmp_path):
    run(tmp_path, range(100, 200))


def no_deletions(table, until):
    del table, until
    return iter(())


@pytest.mark.parametrize(
    ("name", "bug", "first"),
    [("_deletions", no_deletions, 5), ("changes_rows", lambda _each: False, 9)],
)
def test_a_planted_bug_is_caught(tmp_path, monkeypatch, name, bug, first):
    """``first`` is the seed that found it last time: the search begins there."""
    monkeypatch.setattr(added_rows, name, bug)
    with pytest.raises(AssertionError):
        run(tmp_path, range(first, first + 40))


def test_s6_rows_read_are_the_rows_that_were_added(tmp_path):
    with history(tmp_path, 1) as each:
        for _ in range(3):
            each.append()
        each.materialize()
        before = len(rows_of(each))
        each.append()
        each.keep(MERGE)
        each.append()
        done = each.materialize()
        assert done.rows_added == len(rows_of(each)) - before > 0
        assert (done.bytes_scanned, done.full_because) == (0, "")
        assert each.materialize().rows_added == 0


def rows_of(each):
    offline = each.group.offline
    return each.catalog.load_table((offline.database, offline.table)).scan().to_arrow()


def test_the_first_run_and_one_after_expiry_are_full_and_say_so(tmp_path):
    with history(tmp_path, 2) as each:
        each.append()
        assert each.materialize().full_because == "no earlier run has noted how far it came"
        each.append()
        each.append()
        each.keep(EXPIRE)
        done = each.materialize()
        assert done.full_because == "the snapshot of the last run has expired"
        assert (done.rows_added, done.bytes_scanned) == (None, 7)


def test_a_run_with_bounds_or_that_fails_does_not_move_the_position(tmp_path, monkeypatch):
    with history(tmp_path, 3) as each:
        each.append()
        use_case = each.use_case(each.stores["incremental"], "incremental")
        use_case.run(each.group, Asked(as_of=BEGIN), silent)
        monkeypatch.setattr(MemoryRecordStore, "load", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            use_case.run(each.group, Asked(incremental=True), silent)
        assert each.positions.of(each.group) is None


def test_lists_and_times_in_seconds_are_read_as_athena_gives_them(tmp_path):
    with sql_catalog(tmp_path) as catalog:
        each = History(tmp_path, catalog, random.Random(4))
        features = (
            FeatureDefinition("customer_id", FeatureType.INTEGRAL),
            FeatureDefinition("event_time", FeatureType.FRACTIONAL),
            FeatureDefinition("tags", FeatureType.STRING, CollectionType.LIST),
        )
        each.group = offline_group(f"file://{tmp_path}/wide", features=features, table="wide_1")
        each.tables.create(each.group)
        for number in range(4):
            values = (number % 2, 1_704_067_200.25 + number, ("a", f"é{number}"))
            written = each.clock() // 1000
            rows = [row(*values[:2], written, values=values)]
            each.tables.append(each.group, rows, remaining=seconds(60))
            each.materialize()
        assert each.kinds["incremental"] == 3


def test_an_incremental_run_has_no_bounds():
    with pytest.raises(ValidationError, match="leave out --as-of and --since"):
        Asked(since=1, incremental=True)
