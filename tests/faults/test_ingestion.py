"""However often a run is killed, it ends with each row in the stores exactly once."""

import random
from uuid import uuid4

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.errors import ThrottlingException
from larder.groups.feature_group import TableFormat
from larder.ingestion import ingest as ingestion
from larder.offline.adapters.by_format import open_tables
from larder.records.codec import unpack
from larder.tabular import batches
from tests.faults import ingest_process
from tests.faults.ingest_process import KILL_POINTS, CloudBench
from tests.faults.writer_process import KILLED
from tests.support.children import Child
from tests.support.ingestion import BOTH, bench
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake, rows_in
from tests.support.seeds import seeds

ROWS = 1500


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def environment(cloud, monkeypatch):
    for name, value in (
        ("AWS_ENDPOINT_URL", cloud),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)


def source(folder, rng, rows=ROWS):
    """Versions of a few records over four days, some of which are no event."""
    times = [f"2024-01-{rng.randrange(1, 5):02}T{n % 6:02}:00:00Z" for n in range(rows)]
    bad = {rng.randrange(rows) for _ in range(20)}
    table = pa.table(
        {
            "customer_id": [f"c{rng.randrange(200)}" for _ in range(rows)],
            "event_time": ["never" if n in bad else each for n, each in enumerate(times)],
            "clicks": list(range(rows)),
        }
    )
    path = folder / "rows.parquet"
    pq.write_table(table, path, row_group_size=100)
    return path, [n for n in range(rows) if n not in bad]


@pytest.fixture
def lake_of(environment, tmp_path):
    def make(table_format):
        table = f"customers_{uuid4().hex[:8]}"
        bucket = f"lake-{table[-8:]}"
        make_lake(bucket)
        made = CloudBench(table_format, table, bucket, tmp_path)
        open_tables(boto3.client("s3")).create(made.group)
        return made

    return make


@pytest.fixture(params=list(TableFormat))
def lake(lake_of, request):
    return lake_of(request.param)


def start(lake, path, point="", number=1):
    table, bucket = lake.group.offline.table, lake.journal.bucket
    told = (lake.format, table, bucket, path, point, number)
    return Child(ingest_process.main, *told, log=lake.folder / "log")


def assert_each_once(rows, expected):
    assert sorted(row["clicks"] for row in rows) == expected
    times = {row["write_time"] for row in rows}
    assert len(times) == len(rows)


@pytest.mark.parametrize(
    ("table_format", "point"),
    [(each, point) for each, points in KILL_POINTS.items() for point in points],
)
def test_a_run_that_is_killed_goes_on_where_it_was(lake_of, tmp_path, table_format, point):
    lake = lake_of(table_format)
    path, expected = source(tmp_path, random.Random(point))
    number = 1 if "run" in point else 3 if "commit" in point else 2
    assert start(lake, path, point, number).end()[0] == KILLED
    assert start(lake, path).end()[0] == 0
    assert_each_once(lake.rows(), expected)


def test_a_run_that_is_killed_again_and_again(lake, tmp_path):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    path, expected = source(tmp_path, rng)
    for _ in range(4):
        points = list(KILL_POINTS[lake.format])[:-1]
        start(lake, path, rng.choice(points), rng.randint(1, 4)).end()
    assert start(lake, path).end()[0] == 0
    assert_each_once(lake.rows(), expected)


def test_two_processes_of_one_run_write_each_row_once(lake, tmp_path):
    path, expected = source(tmp_path, random.Random(5))
    processes = [start(lake, path), start(lake, path)]
    ends = [process.end() for process in processes]
    written = sum(rows for status, rows in ends if status == 0)
    assert any(status == 0 for status, _ in ends)
    assert written <= len(expected)
    assert_each_once(lake.rows(), expected)


class Flaky:
    """A store that dies or refuses at times."""

    def __init__(self, store, rng, dies_after):
        self.store, self.rng, self.left = store, rng, dies_after

    def load(self, slot, version, *, now_nanos):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        if self.rng.random() < 0.2:
            raise ThrottlingException("slow down")
        return self.store.load(slot, version, now_nanos=now_nanos)


@pytest.mark.parametrize("seed", seeds(3, every_run=1))
def test_a_run_into_both_stores_that_dies_while_loading(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(ingestion, "COMMIT_ROWS", 400)
    monkeypatch.setattr(batches, "BATCH_ROWS", 100)
    rng = random.Random(seed)
    path, expected = source(tmp_path, rng)
    with bench(tmp_path) as made:
        truth = made.store
        for _ in range(3):
            made.store = Flaky(truth, rng, rng.randrange(20, 150))
            with pytest.raises(KeyboardInterrupt):
                made.ingest(path, targets=BOTH)
        made.store = Flaky(truth, rng, 10**9)
        made.ingest(path, targets=BOTH)
        assert_each_once(rows_in(made.catalog, made.group), expected)
        newest = {}
        for row in rows_in(made.catalog, made.group):
            order = (row["event_time"], row["write_time"], row["clicks"])
            newest[row["customer_id"]] = max(newest.get(row["customer_id"], order), order)
        online = {slot.identifier: version for slot, version in truth.records.items()}
        assert {name: int(unpack(v.packed)[2]) for name, v in online.items()} == {
            name: order[2] for name, order in newest.items()
        }
