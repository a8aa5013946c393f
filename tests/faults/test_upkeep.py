"""Maintenance changes no row, whatever runs beside it and wherever it dies."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from larder.offline.adapters.iceberg import rewrite as iceberg_rewrite
from larder.offline.adapters.iceberg import upkeep as iceberg_upkeep
from larder.offline.adapters.iceberg.orphans import files_below, named_files
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.ports import TableUnusable
from larder.offline.upkeep import UpkeepRules
from tests.faults.killing import Killed, dying
from tests.support.offline import NOON, WRITTEN, offline_group, row, rows_in, seconds, sql_catalog
from tests.support.seeds import seeds

RULES = UpkeepRules(
    merged_bytes=64 << 20,
    min_files=3,
    settled_minutes=0,
    full_hours=0,
    snapshot_days=0,
    orphan_hours=0,
)
DAYS = ("2024-01-30", "2024-01-31")


class Bench:
    def __init__(self, folder, catalog):
        self.catalog = catalog
        self.group = offline_group(f"file://{folder}/offline")
        self.tables = IcebergTables(catalog, sleep=lambda _pause: None)
        self.tables.create(self.group)
        self.written = 0

    def append(self, count=5):
        start = self.written
        self.written += count
        rows = [
            row(f"c{number % 7}", f"{DAYS[number % 2]}T12:00:{number % 60:02}Z", WRITTEN + number)
            for number in range(start, self.written)
        ]
        self.tables.append(self.group, rows, remaining=seconds(60))

    def keep(self, rules=RULES, pinned=(), clock=None):
        upkeep = IcebergUpkeep(self.catalog, **({"clock": clock} if clock else {}))
        return upkeep.keep(self.group, rules, pinned, seconds(120))

    @property
    def table(self):
        return self.catalog.load_table((self.group.offline.database, self.group.offline.table))

    def rows(self):
        return rows_in(self.catalog, self.group)

    def data_files(self):
        return len(list(self.table.scan().plan_files()))

    def files(self):
        return {file.path for file in files_below(self.table)}


@pytest.fixture
def bench(tmp_path):
    with sql_catalog(tmp_path) as catalog:
        yield Bench(tmp_path, catalog)


def test_files_are_merged_snapshots_expired_and_orphans_removed_and_no_row_changes(bench):
    for _ in range(8):
        bench.append()
    before = bench.rows()
    done = bench.keep()
    assert (done.merged, done.made, done.snapshots) == (16, 2, 9)
    assert bench.rows() == before
    assert bench.data_files() == 2
    assert len(bench.table.snapshots()) == 1
    assert bench.files() == named_files(bench.table)
    assert bench.keep().merged == 0


def test_merged_files_are_sorted_and_the_look_for_duplicates_still_finds_each_key(bench):
    for _ in range(6):
        bench.append()
    bench.keep()
    before = bench.rows()
    bench.written = 0
    for _ in range(6):
        bench.append()
    assert bench.rows() == before
    for task in bench.table.scan().plan_files():
        ids = iceberg_rewrite.rows_of(bench.table, [task])["customer_id"].to_pylist()
        assert ids == sorted(ids)


def test_fresh_files_are_left_to_the_writer(bench):
    for _ in range(4):
        bench.append()
    hour = UpkeepRules(min_files=3, settled_minutes=60)
    assert bench.keep(hour, clock=lambda: WRITTEN + 60_000_000).merged == 0
    assert bench.keep(hour, clock=lambda: WRITTEN + 4_000_000_000).merged == 8


def test_an_append_between_the_reading_and_the_commit_is_kept(bench, monkeypatch):
    for _ in range(4):
        bench.append()
    once = iter([bench.append])
    original = iceberg_upkeep.write_sorted

    def append_first(*arguments):
        with suppress(StopIteration):
            next(once)()
        return original(*arguments)

    monkeypatch.setattr(iceberg_upkeep, "write_sorted", append_first)
    done = bench.keep()
    assert done.merged >= 8
    assert len(bench.rows()) == 25


def test_two_merges_at_once_lose_and_repeat_nothing(bench, monkeypatch):
    for _ in range(4):
        bench.append()
    before = bench.rows()
    once = iter([True])
    original = iceberg_upkeep.write_sorted

    def merge_first(*arguments):
        if next(once, False):
            bench.keep(UpkeepRules(min_files=3, settled_minutes=0))
        return original(*arguments)

    monkeypatch.setattr(iceberg_upkeep, "write_sorted", merge_first)
    bench.keep()
    assert bench.rows() == before


@pytest.mark.parametrize("seed", seeds(8, every_run=3))
def test_killed_anywhere_and_begun_anew(bench, monkeypatch, seed):
    rng = random.Random(seed)

    for owner, name in (
        (iceberg_upkeep, "write_sorted"),
        (type(bench.catalog), "commit_table"),
    ):
        monkeypatch.setattr(owner, name, dying(getattr(owner, name), rng, 6))
    for _ in range(6):
        with suppress(Killed):
            bench.append()
            bench.keep()
    monkeypatch.undo()
    bench.written = 0
    for _ in range(6):
        bench.append()
    rows = bench.rows()
    assert len(rows) == len({(each["customer_id"], each["write_time"]) for each in rows}) == 30
    bench.keep()
    assert bench.rows() == rows
    assert bench.files() == named_files(bench.table)


def test_a_pinned_snapshot_stays_with_its_files(bench):
    bench.append()
    bench.append()
    pinned = bench.table.current_snapshot().snapshot_id
    then = bench.rows()
    for _ in range(4):
        bench.append()
    bench.keep(pinned={pinned})
    assert {each.snapshot_id for each in bench.table.snapshots()} >= {pinned}
    found = bench.table.scan(snapshot_id=pinned).to_arrow().to_pylist()
    assert sorted(map(str, found)) == sorted(map(str, then))


def test_young_files_that_nothing_names_are_left_alone(bench):
    bench.append()
    stray = below(bench, f"data/00000-0-{uuid4()}.parquet")
    stray.write_bytes(b"being written")
    bench.keep(UpkeepRules(orphan_hours=1))
    assert stray.exists()
    bench.keep(UpkeepRules(orphan_hours=0))
    assert not stray.exists()
    assert len(bench.rows()) == 5


def below(bench, path):
    found = Path(urlsplit(bench.table.location()).path) / path
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


STRANGERS = [
    "data/stray.parquet",
    "data/event_time_trunc=2024-01-30/part-00000-of-spark.snappy.parquet",
    "data/notes/00000-0-{uuid}.parquet",
    "data/a=b/123456789012/sagemaker/us-east-1/offline-store/b-1/data/00000-0-{uuid}.parquet",
    "123456789012/sagemaker/us-east-1/offline-store/b-1/metadata/00000-{uuid}.metadata.json",
    "metadata/readme.json",
    "00000-0-{uuid}.parquet",
]


@pytest.mark.parametrize("path", STRANGERS)
def test_files_that_this_platform_did_not_name_are_left_alone(bench, path):
    bench.append()
    strange = below(bench, path.format(uuid=uuid4()))
    strange.write_bytes(b"somebody's")
    bench.keep()
    assert strange.read_bytes() == b"somebody's"


def test_a_table_below_another_ones_location_outlives_the_others_maintenance(bench, tmp_path):
    """Groups that an earlier release let overlap: the stranger's files are not orphans."""
    bench.append()
    for where in ("data", "data/event_time_trunc=2024-01-30", "metadata"):
        location = (
            f"{bench.group.offline.location}/{where}/123456789012/sagemaker/x/offline-store/b-1"
        )
        name = f"b_{len(where)}"
        inner = offline_group(location, name=name, uid=f"u{name}", table=name)
        bench.tables.create(inner)
        bench.tables.append(inner, [row("theirs")], remaining=seconds(60))
        for _ in range(2):
            bench.append()
            bench.keep()
        assert [each["customer_id"] for each in rows_in(bench.catalog, inner)] == ["theirs"]
        bench.tables.append(inner, [row("more")], remaining=seconds(60))


def test_another_groups_table_is_not_touched(bench):
    stranger = offline_group(bench.group.offline.location, uid="another")
    with pytest.raises(TableUnusable, match="is not that of feature group"):
        IcebergUpkeep(bench.catalog).keep(stranger, RULES, (), seconds(10))


def test_a_commit_opens_no_more_manifests_after_a_long_history_than_after_a_short_one(bench):
    for _ in range(60):
        bench.append(2)
    bench.keep()
    for _ in range(5):
        bench.append(2)
    head = bench.table.current_snapshot()
    assert len(head.manifests(bench.table.io)) <= 30
    assert len(bench.table.snapshots()) <= 6
    newest = row("c1", NOON, WRITTEN + 10_000_000)
    tasks = list(
        bench.table.scan(row_filter=f"write_time >= '{_iso(newest.write_time)}'").plan_files()
    )
    assert tasks == []


def _iso(micros):
    return datetime.fromtimestamp(micros / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S")
