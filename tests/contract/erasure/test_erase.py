"""``larder erase``: afterwards no byte of any version of any object holds the identifier."""

import time
from dataclasses import replace

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.offline.adapters.iceberg import tables as iceberg
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.upkeep import UpkeepRules
from larder.records.record import Slot, State
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import StoredFile, StoredLabels
from tests.support.erasure import SUBJECT, counts
from tests.support.offline import offline_group, row, rows_in, seconds, stream_record, version


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


def test_a_group_in_this_groups_folder_keeps_its_records(bench, capsys):
    """An earlier release let groups overlap; the record is erased from the group that is named."""
    bench.consume({"Records": bench.records(3)})
    inner = offline_group(
        f"{bench.group.offline.location}/data/123456789012/sagemaker/x/offline-store/b-1",
        name=f"b_{bench.id}",
        table=f"b_{bench.id}",
        uid=f"ub{bench.id}",
    )
    bench.tables.create(inner)
    rows = [row(SUBJECT, write_time=bench.start), row("other", write_time=bench.start)]
    bench.tables.append(inner, rows, remaining=seconds(60))
    bench.run(capsys)
    assert SUBJECT not in bench.identifiers()
    assert [each["customer_id"] for each in rows_in(bench.catalog, inner)] == [SUBJECT, "other"]


def test_repetitions_do_not_bring_it_back_and_later_records_are_new(any_bench, capsys):
    bench = any_bench
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
        f"quarantine/{bench.group.uid}/parked/x.json": {
            "reason": "its table is gone",
            "uid": bench.group.uid,
            "payload": {"Records": records},
        },
        "quarantine/other/x.json": {"reason": "x", "record": records[1]},
    }
    for key, body in bodies.items():
        bench.s3.put_object(Bucket=bench.bucket, Key=key, Body=orjson.dumps(body))
    bench.s3.delete_object(Bucket=bench.bucket, Key="aws/lambda/mine")  # redriven before
    done = bench.run(capsys)
    assert sum(each["count"] for each in done["traces"] if "s3://" in each["place"]) == 7
    left = bench.s3.list_objects_v2(Bucket=bench.bucket)["Contents"]
    keys = {each["Key"] for each in left if not each["Key"].startswith("offline/")}
    parked = f"quarantine/{bench.group.uid}/parked/x.json"
    assert keys == {"aws/lambda/mixed", parked, "quarantine/other/x.json"}
    for key in ("aws/lambda/mixed", parked):
        body = bench.s3.get_object(Bucket=bench.bucket, Key=key)["Body"].read()
        document = orjson.loads(body)
        kept = document.pop("payload")["Records"]
        assert kept == [each for each in records if each not in mine]
        assert document == {name: bodies[key][name] for name in bodies[key] if name != "payload"}
    assert bench.run(capsys)["found"] == 0


def test_records_of_others_stay_though_they_mention_the_identifier(bench, capsys):
    """A short identifier is a part of nearly every text."""
    of_registry = {"dynamodb": {"Keys": {"pk": {"S": "G#a"}, "sk": {"S": "group"}}}, "a": "a"}
    other = replace(bench.group, uid="another")
    values = {"customer_id": "a", "event_time": "2024-01-01T00:00:00Z"}
    theirs = stream_record(other, new=version(other, values))
    ours = {"dynamodb": {"Keys": {"pk": {"S": f"R#{bench.group.uid}#1"}, "sk": {"S": "ra"}}}}
    lost = {"nonsense": ["a"]}
    records = [of_registry, theirs, ours, lost, {"nonsense": ["banana"]}]
    body = orjson.dumps({"payload": {"Records": records}})
    bench.s3.put_object(Bucket=bench.bucket, Key="aws/lambda/x", Body=body)
    bench.run(capsys, subject="a")
    body = bench.s3.get_object(Bucket=bench.bucket, Key="aws/lambda/x")["Body"].read()
    assert orjson.loads(body)["payload"]["Records"] == [of_registry, theirs, records[-1]]


def test_absence_is_not_said_of_an_object_that_can_not_be_read(bench, capsys):
    bench.s3.put_object(Bucket=bench.bucket, Key="aws/lambda/x", Body=b"nonsense")
    done = bench.run(capsys, status=1)
    assert (done["found"], done["complete"]) == (0, False)
    (told,) = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert told == "1 objects can't be read: aws/lambda/x"


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
    again = bench.run(capsys, "--dry-run")
    assert again["found"] == 0
    assert "tombstone" in again["traces"][0]["left"]


def test_a_hidden_tombstone_is_left_where_there_is_no_record(bench, capsys):
    """A bulk load that has read the record and is about to write it loses to it."""
    slot = Slot(bench.group.uid, bench.group.shards, SUBJECT)
    assert bench.run(capsys, "--dry-run")["found"] == 0
    assert bench.store.get([slot]).found == {}
    bench.run(capsys)
    values = {"customer_id": SUBJECT, "event_time": "9000-01-01T00:00:00Z"}
    read = version(bench.group, values, write_time=bench.start, invocation_time=bench.start)
    assert bench.store.load(slot, read, now_nanos=time.time_ns()).state is State.HARD_DELETED
    assert bench.store.get([slot]).found[slot].state is State.HARD_DELETED


def test_training_sets_that_hold_it_are_named_and_left(bench, capsys, tmp_path):
    pq.write_table(
        pa.table({"customer": [SUBJECT, "someone", SUBJECT], "clicks": [1, 2, 3]}),
        tmp_path / "part.parquet",
    )
    address = f"s3://{bench.bucket}/training-sets/mine/data/part.parquet"
    bucket, key = bench.bucket, address.split("/", 3)[3]
    bench.s3.upload_file(str(tmp_path / "part.parquet"), bucket, key)
    labels = f"s3://{bench.bucket}/training-sets/mine/labels/part.parquet"
    pq.write_table(pa.table({"larder_key_0": [SUBJECT, None], "c0": ["x", "y"]}), tmp_path / "l")
    bench.s3.upload_file(str(tmp_path / "l"), bucket, labels.split("/", 3)[3])
    manifest = _manifest(bench.group.name, address, labels)
    path = "training-sets/mine/manifest.json"
    bench.s3.put_object(Bucket=bucket, Key=path, Body=manifest.to_json())
    done = bench.run(capsys)
    told = [each for each in done["traces"] if each["stays"] and each["count"]]
    assert [(each["what"], each["count"]) for each in told] == [
        ("rows", 2),
        ("label rows", 1),
        ("rows in 1 training sets", 3),
    ]
    assert done["found"] == 0
    assert bench.s3.get_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def _manifest(group, address, labels):
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
        labels=StoredLabels("s3://x/", (StoredFile(labels, 1, 2, ""),), 3, 0, 0, (), ()),
        label_table="t",
        query="",
        query_execution_id="",
        bytes_scanned=0,
    )
