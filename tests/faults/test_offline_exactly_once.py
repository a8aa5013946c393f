"""Whatever happens to the writer, the offline table has each acknowledged write exactly once."""

import json
import random
from contextlib import contextmanager, suppress
from uuid import uuid4

import boto3
import orjson
import pytest
from botocore.exceptions import ReadTimeoutError
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import AlwaysTrue

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.feature_group import TableFormat
from larder.offline.adapters.by_format import open_tables
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.hive import files as hive_files
from larder.offline.adapters.hive.commits import S3Slots
from larder.offline.adapters.hive.tables import HiveTables
from larder.offline.adapters.iceberg import tables as iceberg
from larder.offline.adapters.iceberg.catalog import open_catalog, open_files
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.redrive import S3FailureObjects
from larder.offline.redrive import Redrive
from tests.faults import writer_process
from tests.faults.history import random_history
from tests.faults.killing import Killed, dying
from tests.faults.writer_process import (
    HIVE_KILL_POINTS,
    ICEBERG_KILL_POINTS,
    KILLED,
    WAITING_KILL_POINTS,
    consumer,
    group_of,
)
from tests.support.children import Child
from tests.support.deadlines import PATIENCE, eventually
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import (
    OneByOne,
    hive_rows,
    make_lake,
    offline_group,
    rows_in,
    sql_catalog,
)
from tests.support.seeds import seeds
from tests.support.tables import create_registry_table

DIES_WAITING = ("before its rows are staged", "after its rows are staged", "while it looks")


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


class Bench:
    """A group's table in Glue, its history, and writers of it in this and other processes."""

    def __init__(self, folder, seed, table_format=TableFormat.ICEBERG):
        self.folder = folder
        self.format = table_format
        self.table = f"customers_{uuid4().hex[:8]}"
        self.bucket = f"lake-{self.table[-8:]}"
        self.group = group_of(table_format, self.table, self.bucket)
        self.catalog = open_catalog()
        self.tables = open_tables(boto3.client("s3"))
        self.consume = consumer(writer_process.shared_tables(self.bucket), self.group)
        self.history = random_history(self.group, seed)
        self.rng = random.Random(seed)

    def write(self, records):
        assert self.consume({"Records": records}) == {"batchItemFailures": []}

    def start(self, batches, kill_at=""):
        """A writer of the batches in a process of its own."""
        told = (self.format, self.table, self.bucket, kill_at, batches)
        return Child(writer_process.main, *told, log=self.folder / "log")

    def staged_keys(self):
        """What still waits for a commit."""
        answer = boto3.client("s3").list_objects_v2(Bucket=self.bucket, Prefix="staging/")
        return [item["Key"] for item in answer.get("Contents", [])]

    @contextmanager
    def leased_to_another(self):
        leases = DynamoLeases(BotoDynamo(boto3.client("dynamodb")), f"registry-{self.bucket}")
        assert leases.take(self.group.uid, "another", seconds=PATIENCE).owner == "another"
        yield
        leases.release(self.group.uid, "another", None)

    def compact(self):
        """Rewrite all data by PyIceberg's public overwrite."""
        table = self.catalog.load_table((self.group.offline.database, self.table))
        table.overwrite(table.scan().to_arrow(), overwrite_filter=AlwaysTrue())

    def assert_each_once(self):
        hive = self.format is TableFormat.GLUE
        rows = hive_rows(self.group) if hive else rows_in(self.catalog, self.group)
        assert found(rows) == self.history.owed


def found(rows):
    return sorted((each["customer_id"], each["event_time"], each["is_deleted"]) for each in rows)


@pytest.fixture
def start(cloud, monkeypatch, tmp_path, request):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)

    def start(table_format):
        bench = Bench(tmp_path, len(request.node.name), table_format)
        make_lake(bench.bucket)
        create_registry_table(boto3.client("dynamodb"), f"registry-{bench.bucket}")
        bench.tables.create(bench.group)
        return bench

    return start


@pytest.fixture
def bench(start):
    return start(TableFormat.ICEBERG)


@pytest.fixture(params=list(TableFormat))
def any_bench(start, request):
    return start(request.param)


@pytest.mark.parametrize("point", ICEBERG_KILL_POINTS)
def test_a_writer_of_iceberg_killed(bench, point):
    kill_and_redeliver(bench, point)


@pytest.mark.parametrize("point", HIVE_KILL_POINTS)
def test_a_writer_of_hourly_files_killed(start, point):
    kill_and_redeliver(start(TableFormat.GLUE), point)


def kill_and_redeliver(bench, point):
    before, batch, after = (
        bench.history.records[cut] for cut in (slice(40), slice(40, 80), slice(80, None))
    )
    bench.write(before)
    process = bench.start([batch], kill_at=point)
    assert process.end()[0] == KILLED
    # redelivered with other bounds: one record back, then half of it with what comes after
    bench.write(before[-1:] + batch[:25])
    bench.write(batch[20:] + after)
    bench.assert_each_once()


def test_two_writers_at_once_of_the_same_records_in_other_batches(any_bench):
    writers = [any_bench.start(any_bench.history.batches(any_bench.rng)) for _ in range(2)]
    assert [writer.end()[0] for writer in writers] == [0, 0]
    any_bench.assert_each_once()


def test_many_writers_at_once_of_which_one_dies_with_the_lease(any_bench):
    bench = any_bench
    parts = [bench.history.records[number::4] for number in range(4)]
    dying = bench.start([parts[0]], kill_at="with the lease of any table")
    writers = [bench.start([part]) for part in parts[1:]]
    assert [writer.end()[0] for writer in (dying, *writers)] == [KILLED, 0, 0, 0]
    bench.write(parts[0])  # delivered again
    bench.assert_each_once()
    assert len(bench.staged_keys()) <= 1  # what the dead one had staged expires


@pytest.mark.parametrize("point", WAITING_KILL_POINTS)
def test_a_writer_killed_that_had_to_wait(bench, point):
    records = bench.history.records
    with bench.leased_to_another():
        dying = bench.start([records[:60]], kill_at=point)
        if point in DIES_WAITING:
            assert dying.end()[0] == KILLED
        else:
            eventually(bench.staged_keys)
    assert dying.end()[0] == KILLED
    bench.write(records[40:])
    bench.write(records[:60])  # delivered again
    bench.assert_each_once()
    assert len(bench.staged_keys()) <= 1


def test_a_commit_whose_answer_was_lost_is_neither_repeated_nor_undone(bench):
    tables = IcebergTables(bench.catalog)
    consume = consumer(OneByOne(tables), bench.group)
    lost = lose_one_answer(bench.catalog.glue, "glue.UpdateTable")
    assert consume({"Records": bench.history.records[:60]}) == {"batchItemFailures": []}
    assert lost == ["glue.UpdateTable"]
    bench.write(bench.history.records)
    bench.assert_each_once()


def test_hourly_files_are_written_once_although_an_answer_was_lost(start):
    bench = start(TableFormat.GLUE)
    s3, catalog = boto3.client("s3"), bench.catalog
    consume = consumer(OneByOne(HiveTables(s3, catalog.glue, open_files())), bench.group)
    lost = lose_one_answer(s3, "s3.PutObject")
    assert consume({"Records": bench.history.records[:60]}) == {"batchItemFailures": []}
    assert lost == ["s3.PutObject"]
    bench.write(bench.history.records)
    bench.assert_each_once()


def lose_one_answer(client, operation):
    """Let the next call take effect and its answer get lost on the way."""
    lost = []

    def send_and_forget(request, **_):
        if not lost:
            lost.append(operation)
            client._endpoint.http_session.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register(f"before-send.{operation}", send_and_forget)
    return lost


def test_a_failure_object_redriven_after_later_batches_and_a_compaction(any_bench):
    bench = any_bench
    spilled, later = bench.history.records[:50], bench.history.records[30:]
    bench.write(later)
    if bench.format is TableFormat.ICEBERG:
        bench.compact()
    s3 = boto3.client("s3")
    key = "aws/lambda/0e8b/shardId-0/2023/11/14/2023-11-14T22.13.20-0b1c"
    body = orjson.dumps({"version": "1.0", "payload": json.dumps({"Records": spilled})})
    s3.put_object(Bucket=bench.bucket, Key=key, Body=body)

    class InProcess:
        def invoke(self, payload):
            return bench.consume(orjson.loads(payload))

    redrive = Redrive(S3FailureObjects(s3, bench.bucket), InProcess())
    (done,) = redrive.run(["aws/lambda/"])
    assert (done.problem, done.rows, done.duplicates) == (None, 30, 20)
    assert list(S3FailureObjects(s3, bench.bucket).list("aws/lambda/")) == []
    bench.assert_each_once()


def test_a_compaction_between_the_look_and_the_commit(bench, monkeypatch):
    bench.write(bench.history.records[:60])
    compacted = []
    original = iceberg.write_rows

    def compact_first(*arguments):
        if not compacted:
            compacted.append(True)
            bench.compact()
        return original(*arguments)

    monkeypatch.setattr(iceberg, "write_rows", compact_first)
    bench.write(bench.history.records[50:])
    bench.assert_each_once()


@pytest.mark.parametrize("seed", seeds(12, every_run=4))
def test_random_batches_kills_and_redeliveries(tmp_path, monkeypatch, seed):
    rng = random.Random(seed)
    group = offline_group(f"file://{tmp_path}/offline")
    history = random_history(group, seed)
    with sql_catalog(tmp_path) as catalog:
        tables = IcebergTables(catalog, sleep=lambda _pause: None)
        tables.create(group)
        consume = consumer(OneByOne(tables), group)
        die_at_random(monkeypatch, rng, (iceberg, "write_rows"), (SqlCatalog, "commit_table"))
        write_metadata = dying(SqlCatalog._write_metadata, rng, 12)
        monkeypatch.setattr(SqlCatalog, "_write_metadata", staticmethod(write_metadata))
        deliver(consume, history, rng)
        monkeypatch.undo()
        assert found(rows_in(catalog, group)) == history.owed


@pytest.mark.parametrize("seed", seeds(4, every_run=1))
def test_random_batches_kills_and_redeliveries_of_hourly_files(start, monkeypatch, seed):
    bench, rng = start(TableFormat.GLUE), random.Random(seed)
    history = random_history(bench.group, seed, length=60)
    with monkeypatch.context() as deadly:
        steps = ((S3Slots, "read"), (S3Slots, "replace"), (hive_files, "put_if"))
        die_at_random(deadly, rng, *steps)
        deliver(bench.consume, history, rng)
    assert found(hive_rows(bench.group)) == history.owed


def deliver(consume, history, rng):
    """All batches until each is taken, as the event source does, with bounds of its own."""
    for batch in history.batches(rng):
        while True:
            try:
                consume({"Records": batch})
                break
            except Killed:
                consume_some(consume, history.records, rng)


def consume_some(consume, records, rng):
    start = rng.randrange(len(records))
    with suppress(Killed):
        consume({"Records": records[start : start + rng.randint(1, 30)]})


def die_at_random(monkeypatch, rng, *steps):
    """Kill before or after each of the steps of a commit, every sixth time."""
    for owner, name in steps:
        monkeypatch.setattr(owner, name, dying(getattr(owner, name), rng, 12))
