"""``larder erase``: afterwards no byte of any version of any object holds the identifier."""

import time
from dataclasses import replace
from uuid import uuid4

import boto3
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_versions import S3Versions
from larder.cli.main import main
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import TargetStore
from larder.offline.adapters.iceberg import tables as iceberg
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.upkeep import UpkeepRules
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.record import Slot, State
from larder.records.write import DeleteRecord, RecordWriter
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import StoredFile, StoredLabels
from tests.faults.writer_process import consumer
from tests.support.groups import group_settings
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import make_lake, offline_group, rows_in, seconds, stream_record, version
from tests.support.tables import create_records_table, create_registry_table

SUBJECT = "erase-me-4711"
PLAIN = {"write.avro.compression-codec": "null"}
BYTES = {"write.parquet.compression-codec": "uncompressed"}


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


class Bench:
    def __init__(self, monkeypatch):
        self.id = uuid4().hex[:8]
        self.bucket = f"lake-{self.id}"
        make_lake(self.bucket)
        self.s3 = boto3.client("s3")
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, f"registry-{self.id}")
        create_records_table(dynamodb, f"records-{self.id}")
        for name in ("registry", "records"):
            monkeypatch.setenv(f"LARDER_{name.upper()}_TABLE", f"{name}-{self.id}")
        monkeypatch.setenv("LARDER_OFFLINE_BUCKET", self.bucket)
        name = f"customers_{self.id}"
        self.group = offline_group(
            f"s3://{self.bucket}/offline/{name}", name=name, table=name, uid=f"u{self.id}"
        )
        DynamoRegistry(BotoDynamo(dynamodb), f"registry-{self.id}").create(self.group)
        self.catalog = open_catalog()
        self.tables = IcebergTables(self.catalog)
        self.tables.create(self.group)
        with self.table.transaction() as change:
            change.set_properties(PLAIN | BYTES)
        self.consume = consumer(self.tables, self.group)
        self.store = DynamoRecordStore(BotoDynamo(dynamodb), f"records-{self.id}")
        self.start = time.time_ns() // 1000 - 10**9
        monkeypatch.setattr("larder.wiring.erasure.hard_delete_by", lambda _: self.hard_delete)

    def hard_delete(self, group, identifier, event_time):
        """What the door does with DeleteRecord."""
        writer = RecordWriter(self.store, group_settings(self.group))
        request = DeleteRecord(
            group, identifier, event_time, hard=True, targets=frozenset({TargetStore.ONLINE})
        )
        writer.delete(request)

    @property
    def table(self):
        return self.catalog.load_table((self.group.offline.database, self.group.offline.table))

    def records(self, count=12):
        """Stream records, every third of them of the subject."""
        each = []
        for number in range(count):
            who = SUBJECT if number % 3 == 0 else f"someone-{number:04}"
            values = {
                "customer_id": who,
                "event_time": f"2024-01-{number % 2 + 10}T12:00:{number % 60:02}Z",
            }
            new = version(self.group, values, write_time=self.start + number)
            each.append(stream_record(self.group, new=new, sequence=number))
        return each

    def run(self, capsys, *options):
        capsys.readouterr()
        assert main(["erase", self.group.name, SUBJECT, "--json", *options]) == 0
        return orjson.loads(capsys.readouterr().out)

    def holding(self, text=SUBJECT):
        """Keys of all object versions that hold the text."""
        found = []
        for each in S3Versions(self.s3).below(self.bucket, ""):
            if not each.marker:
                body = self.s3.get_object(Bucket=self.bucket, Key=each.key, VersionId=each.id)
                if text.encode() in body["Body"].read():
                    found.append(each.key)
        return found

    def identifiers(self):
        return [row["customer_id"] for row in rows_in(self.catalog, self.group)]


@pytest.fixture
def bench(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    return Bench(monkeypatch)


def counts(done):
    return {(each["place"].split()[0], each["what"]): each["count"] for each in done["traces"]}


def test_history_snapshots_and_every_version_of_every_file_go(bench, capsys):
    records = bench.records()
    for start in range(0, 12, 3):
        bench.consume({"Records": records[start : start + 3]})
    rules = UpkeepRules(
        min_files=2, settled_minutes=0, full_hours=0, snapshot_days=0, orphan_hours=0
    )
    IcebergUpkeep(bench.catalog).keep(bench.group, rules, (), seconds(60))
    bench.consume({"Records": bench.records(15)[12:]})
    others = [each for each in bench.identifiers() if each != SUBJECT]
    assert bench.holding()
    dry = bench.run(capsys, "--dry-run")
    assert counts(dry)["offline", "rows"] == 5
    assert bench.identifiers().count(SUBJECT) == 5
    done = bench.run(capsys)
    assert counts(done)["offline", "rows"] == 5
    assert bench.identifiers() == others
    assert bench.holding() == []
    assert bench.run(capsys)["found"] == 0


def test_repetitions_do_not_bring_it_back_and_later_records_are_new(bench, capsys):
    records = bench.records()
    bench.consume({"Records": records[:6]})
    bench.run(capsys)
    bench.consume({"Records": records})  # what was in the stream, and what came before
    assert SUBJECT not in bench.identifiers()
    assert len(bench.identifiers()) == 8
    values = {"customer_id": SUBJECT, "event_time": "2024-02-01T00:00:00Z"}
    new = version(bench.group, values, write_time=time.time_ns() // 1000 + 1)
    bench.consume({"Records": [stream_record(bench.group, new=new)]})
    assert bench.identifiers().count(SUBJECT) == 1


@pytest.mark.parametrize("written", [0, 6])
def test_a_commit_under_way_while_it_is_erased(bench, capsys, monkeypatch, written):
    records = bench.records()
    if written:
        bench.consume({"Records": records[:written]})
    once = iter([True])
    original = iceberg.write_rows

    def erase_first(*arguments):
        files = original(*arguments)
        if next(once, False):
            bench.run(capsys)
        return files

    monkeypatch.setattr(iceberg, "write_rows", erase_first)
    bench.consume({"Records": records})
    assert SUBJECT not in bench.identifiers()
    assert len(bench.identifiers()) == 8
    bench.run(capsys)  # the files of the refused commit
    assert bench.holding() == []


def test_failed_batches_and_the_quarantine(bench, capsys):
    records = bench.records(6)
    mine = [each for at, each in enumerate(records) if at % 3 == 0]
    bodies = {
        "aws/lambda/mixed": {"payload": {"Records": records}},
        "aws/lambda/mine": {"payload": orjson.dumps({"Records": mine}).decode()},
        f"quarantine/{bench.group.uid}/x.json": {"reason": "x", "record": mine[0]},
        "quarantine/other/x.json": {"reason": "x", "record": records[1]},
    }
    for key, body in bodies.items():
        bench.s3.put_object(Bucket=bench.bucket, Key=key, Body=orjson.dumps(body))
    bench.s3.delete_object(Bucket=bench.bucket, Key="aws/lambda/mine")  # redriven before
    done = bench.run(capsys)
    assert sum(each["count"] for each in done["traces"] if "s3://" in each["place"]) == 5
    left = bench.s3.list_objects_v2(Bucket=bench.bucket)["Contents"]
    keys = {each["Key"] for each in left if not each["Key"].startswith("offline/")}
    assert keys == {"aws/lambda/mixed", "quarantine/other/x.json"}
    body = bench.s3.get_object(Bucket=bench.bucket, Key="aws/lambda/mixed")["Body"].read()
    kept = orjson.loads(body)["payload"]["Records"]
    assert kept == [each for each in records if each not in mine]
    assert bench.run(capsys)["found"] == 0


@pytest.mark.parametrize("state", [State.LIVE, State.SOFT_DELETED])
def test_the_online_record_and_its_log_items(bench, capsys, state):
    slot = Slot(bench.group.uid, bench.group.shards, SUBJECT)
    values = {"customer_id": SUBJECT, "event_time": "2024-02-01T00:00:00.123456789Z"}
    stored = version(bench.group, values, state=state)
    now = time.time_ns()
    assert bench.store.put(slot, stored, now_nanos=now) is None
    assert bench.store.log(slot, replace(stored, write_time=stored.write_time - 5), now_nanos=now)
    other = Slot(bench.group.uid, bench.group.shards, "someone")
    theirs = version(bench.group, values | {"customer_id": "someone"})
    assert bench.store.put(other, theirs, now_nanos=now) is None
    found = counts(bench.run(capsys))
    assert (found["online", "record"], found["online", "log items"]) == (1, 1)
    reads = bench.store.get([slot, other]).found
    assert reads[slot].state is State.HARD_DELETED
    assert reads[other] == theirs
    again = bench.run(capsys)
    assert again["found"] == 0
    assert "tombstone" in again["traces"][0]["left"]


def test_training_sets_that_hold_it_are_named_and_left(bench, capsys, tmp_path):
    pq.write_table(
        pa.table({"customer": [SUBJECT, "someone", SUBJECT], "clicks": [1, 2, 3]}),
        tmp_path / "part.parquet",
    )
    address = f"s3://{bench.bucket}/training-sets/mine/data/part.parquet"
    bucket, key = bench.bucket, address.split("/", 3)[3]
    bench.s3.upload_file(str(tmp_path / "part.parquet"), bucket, key)
    manifest = _manifest(bench.group.name, address)
    path = "training-sets/mine/manifest.json"
    bench.s3.put_object(Bucket=bucket, Key=path, Body=manifest.to_json())
    done = bench.run(capsys)
    (told,) = [each for each in done["traces"] if each["stays"]]
    assert (told["place"], told["count"]) == ("training set mine", 2)
    assert done["found"] == 0
    assert bench.s3.get_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def _manifest(group, address):
    return Manifest(
        name="mine",
        created_at="2024-01-01T00:00:00+00:00",
        larder_version="0",
        location="s3://x/",
        rows=3,
        content_hash="",
        column_hashes={},
        columns=(),
        files=(StoredFile(address, 1, 3, ""),),
        tables=(),
        parameters={"groups": [{"group": group, "key": "Customer"}]},
        labels=StoredLabels("s3://x/", (), 3, 0, 0, (), ()),
        label_table="t",
        query="",
        query_execution_id="",
        bytes_scanned=0,
    )
