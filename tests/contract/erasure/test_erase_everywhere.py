"""``larder erase`` in hourly files, in every life of a name, and in what lies about."""

import random
import time
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.erasure.adapters import hive as erase_hive
from larder.groups.feature_group import TableFormat
from larder.offline.adapters.hive.commits import S3Slots
from larder.offline.adapters.hive.files import HiveFiles
from larder.offline.adapters.iceberg.catalog import open_files
from larder.offline.adapters.staged_rows import S3StagedRows
from larder.offline.ports import TableRows
from larder.records.record import Slot
from tests.faults.killing import Killed, dying
from tests.support.erasure import SUBJECT, counts
from tests.support.groups import feature_group
from tests.support.offline import hive_files, row, seconds, version
from tests.support.seeds import seeds


def test_r3_every_version_of_every_hourly_file_and_of_the_slot_is_without_it(hive, capsys):
    records = hive.records()
    for start in range(0, 12, 3):
        hive.consume({"Records": records[start : start + 3]})
    files = hive_files(hive.group)
    assert hive.holding()
    dry = hive.run(capsys, "--dry-run")
    assert counts(dry)["offline", "rows"] == 4
    assert hive.identifiers().count(SUBJECT) == 4
    done = hive.run(capsys)
    assert counts(done)["offline", "rows"] == 4
    assert sorted(hive.identifiers()) == sorted(f"someone-{n:04}" for n in range(12) if n % 3)
    assert hive.holding() == []
    assert hive_files(hive.group) == files
    again = hive.run(capsys)
    assert (again["found"], again["absent"]) == (0, True)


def test_a_commit_that_was_not_complete_is_erased_too(hive, capsys, monkeypatch):
    """The writer died after the slot: its rows are in no file yet."""
    with monkeypatch.context() as deadly, pytest.raises(Killed):
        deadly.setattr(HiveFiles, "publish", kill)
        hive.consume({"Records": hive.records(6)})
    assert hive.identifiers() == []
    assert counts(hive.run(capsys, "--dry-run"))["offline", "rows"] == 2
    assert counts(hive.run(capsys))["offline", "rows"] == 2
    assert sorted(hive.identifiers()) == [f"someone-{n:04}" for n in (1, 2, 4, 5)]
    assert hive.holding() == []


def test_a_writer_that_was_held_up_brings_nothing_back(hive, capsys, monkeypatch):
    """It goes on with a commit that others completed, and that was erased from since."""
    group, files = hive.group, HiveFiles(hive.s3, open_files())
    with monkeypatch.context() as deadly, pytest.raises(Killed):
        deadly.setattr(HiveFiles, "publish", kill)
        hive.consume({"Records": hive.records(1)})  # a file of the subject alone
    held_up = S3Slots(hive.s3).read(group, group.offline)
    hive.run(capsys)
    assert files.publish(group, group.offline, held_up) == 0
    assert hive.identifiers() == []
    assert hive.holding() == []


def test_a_commit_that_was_begun_before_is_refused_and_made_anew(hive, capsys, monkeypatch):
    once = iter([True])
    original = HiveFiles.existing_keys

    def erase_first(*arguments):
        known = original(*arguments)
        if next(once, False):
            hive.run(capsys)
        return known

    monkeypatch.setattr(HiveFiles, "existing_keys", erase_first)
    hive.consume({"Records": hive.records(6)})
    assert sorted(hive.identifiers()) == [f"someone-{n:04}" for n in (1, 2, 4, 5)]
    assert hive.holding() == []


@pytest.mark.parametrize("seed", seeds(4, every_run=2))
def test_an_erasure_that_dies_again_and_again_is_completed(hive, capsys, monkeypatch, seed):
    rng, records = random.Random(seed), hive.records()
    for start in range(0, 12, 3):
        hive.consume({"Records": records[start : start + 3]})
    with monkeypatch.context() as deadly:
        for owner, name in (
            (S3Slots, "read"),
            (S3Slots, "replace"),
            (erase_hive, "put_if"),
            (HiveFiles, "publish"),
        ):
            deadly.setattr(owner, name, dying(getattr(owner, name), rng, 5))
        for _ in range(8):
            try:
                hive.run(capsys)
            except Killed:
                continue
    hive.run(capsys)
    hive.consume({"Records": records})  # nor does a repetition bring it back, or others twice
    assert sorted(hive.identifiers()) == sorted(f"someone-{n:04}" for n in range(12) if n % 3)
    assert hive.holding() == []


def kill(*_arguments):
    raise Killed


def test_another_files_rows_are_named_and_left(hive, capsys):
    hive.consume({"Records": hive.records(3)})
    key = hive_files(hive.group)[0]
    strange = f"{key.rpartition('/')[0]}/brought.parquet"
    hive.s3.put_object(Bucket=hive.bucket, Key=strange, Body=b"theirs")
    done = hive.run(capsys, status=1)
    (told,) = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert told.startswith("1 files that Larder did not write lie among the table's")
    assert hive.s3.get_object(Bucket=hive.bucket, Key=strange)["Body"].read() == b"theirs"


@pytest.mark.parametrize("formats", [("Iceberg", "Glue"), ("Glue", "Iceberg")])
def test_r3_every_life_of_the_name_is_erased(bench_of, capsys, formats):
    first, second = map(TableFormat, formats)
    bench = bench_of(first)
    bench.consume({"Records": bench.records(6)})
    deleted = bench.delete()
    bench.create(second)
    bench.consume({"Records": bench.records(9)})
    dry = bench.run(capsys, "--dry-run")
    assert [each["uid"] for each in dry["lives"]] == [bench.group.uid, deleted.uid]
    assert [each["status"] for each in dry["lives"]] == ["Created", "Deleting"]
    assert counts(dry)["offline", "rows"] == 2 + 3
    bench.run(capsys)
    for group in (deleted, bench.group):
        assert SUBJECT not in bench.identifiers(group)
        assert len(bench.identifiers(group)) >= 4
    assert bench.holding() == []
    again = bench.run(capsys)
    assert (again["found"], again["absent"]) == (0, True)


def test_a_deleted_group_is_erased_by_its_name(bench_of, capsys):
    bench = bench_of(TableFormat.ICEBERG)
    records = bench.records(6)
    bench.consume({"Records": records})
    bench.delete()
    slot = Slot(bench.group.uid, bench.group.shards, SUBJECT)
    values = {"customer_id": SUBJECT, "event_time": "2024-02-01T00:00:00Z"}
    # a writer with old settings came after the purge
    bench.store.put(slot, version(bench.group, values), now_nanos=1)
    done = counts(bench.run(capsys))
    assert (done["online", "record"], done["offline", "rows"]) == (1, 2)
    assert bench.store.get([slot]).found == {}
    assert bench.holding() == []
    bench.consume({"Records": records})
    assert SUBJECT not in bench.identifiers()


def test_a_table_that_its_owner_dropped_is_searched_as_far_as_its_files_are_gone(bench_of, capsys):
    bench = bench_of(TableFormat.ICEBERG)
    bench.consume({"Records": bench.records(6)})
    deleted = bench.delete()
    bench.catalog.drop_table((deleted.offline.database, deleted.offline.table))
    done = bench.run(capsys, status=1)
    assert not done["complete"]
    (told,) = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert "does not exist in the catalog" in told
    for key in bench.holding("") or ():
        for each in bench.s3.list_object_versions(Bucket=bench.bucket, Prefix=key)["Versions"]:
            bench.s3.delete_object(
                Bucket=bench.bucket, Key=each["Key"], VersionId=each["VersionId"]
            )
    done = bench.run(capsys)
    assert (done["found"], done["absent"]) == (0, True)
    assert any("no file is left below" in (each["left"] or "") for each in done["traces"])


def test_files_of_a_materialization_that_died_are_removed(hive, capsys):
    ours = f"materialize/{hive.group.uid}/run1"
    bodies = {
        f"{ours}/a": {"f0": ["someone", SUBJECT]},
        f"{ours}/b": {"f0": ["someone"]},
        "materialize/another/run1/a": {"f0": [SUBJECT]},
    }
    for key, columns in bodies.items():
        hive.s3.put_object(Bucket=hive.bucket, Key=key, Body=parquet(columns))
    assert counts(hive.run(capsys))[f"s3://{hive.bucket}/materialize/", "files"] == 1
    left = hive.s3.list_objects_v2(Bucket=hive.bucket, Prefix="materialize/")["Contents"]
    assert {each["Key"] for each in left} == {f"{ours}/b", "materialize/another/run1/a"}


def staged_by(bench, **more):
    return S3StagedRows(bench.s3, bench.bucket, "records", **more)


@pytest.mark.parametrize("table_format", list(TableFormat))
def test_rows_that_a_dead_writer_left_staged_are_removed(bench_of, capsys, table_format):
    bench = bench_of(table_format)
    long_ago = staged_by(bench, clock=lambda: time.time() - 1000)
    long_ago.put([TableRows(bench.group, [row(SUBJECT)])])
    kept = long_ago.put([TableRows(bench.group, [row("someone")])])
    place = (f"s3://{bench.bucket}/staging/", "staged batches")
    assert counts(bench.run(capsys, "--dry-run"))[place] == 1
    assert counts(bench.run(capsys))[place] == 1
    assert [each.key for each in long_ago.waiting()] == [kept.key]
    assert bench.holding() == []


def test_rows_that_a_writer_waits_for_are_refused_by_the_table_and_then_gone(hive, capsys):
    staged = staged_by(hive)
    another = feature_group("another")
    batch = [TableRows(another, [row("x")]), TableRows(hive.group, [row(SUBJECT), row("someone")])]
    placed = staged.put(batch)
    done = hive.run(capsys, status=1)
    (told,) = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert "1 batches are being committed now" in told
    waiting = staged.read(placed.key).rows_of(hive.group.uid)
    assert hive.tables.append(hive.group, waiting.rows, remaining=seconds(60)).rows == 1
    staged.remove(placed)
    done = hive.run(capsys)
    assert (done["found"], done["absent"], hive.holding()) == (0, True, [])


def test_a_batch_that_waits_does_not_hide_one_that_can_not_be_read(hive, capsys):
    strange = f"staging/records/{int(time.time() * 1e6):020d}-strange.json"
    hive.s3.put_object(Bucket=hive.bucket, Key=strange, Body=b"not ours")
    staged_by(hive).put([TableRows(hive.group, [row(SUBJECT)])])
    done = hive.run(capsys, status=1)
    (told,) = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert f"1 objects can't be read: {strange}" in told
    assert "1 batches are being committed now" in told


def test_results_of_queries_that_hold_it_are_named(hive, capsys):
    held = f'"customer_id","n"\n"someone","1"\n"{SUBJECT}","2"\n'
    for key, body in ("held.csv", held), ("other.csv", f'"n"\n"not {SUBJECT}"\n'):
        hive.s3.put_object(Bucket=hive.bucket, Key=f"athena-results/{key}", Body=body.encode())
    done = hive.run(capsys)
    (told,) = [each for each in done["traces"] if each["what"] == "results of queries"]
    assert (told["count"], told["stays"]) == (1, True)
    assert "athena-results/held.csv" in told["left"]
    assert done["found"] == 0


@pytest.mark.parametrize(
    "key",
    [
        "athena-results/strange.csv",
        "staging/{uid}/strange",
        "materialize/{uid}/run1/strange",
        "quarantine/{uid}/strange.json",
        "aws/lambda/strange",
    ],
)
def test_an_object_that_is_no_file_of_its_place_is_said_to_be_unsearched(hive, capsys, key):
    hive.consume({"Records": hive.records()})
    strange = key.format(uid=hive.group.uid)
    hive.s3.put_object(Bucket=hive.bucket, Key=strange, Body=b'\xff\xfe"\x00PAR1 no such file')
    done = hive.run(capsys, status=1)
    assert (counts(done)["offline", "rows"], done["complete"]) == (4, False)
    (told,) = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert strange.rpartition("/")[2] in told


def test_the_report_says_what_is_never_searched(hive, capsys):
    done = hive.run(capsys)
    assert any("point-in-time backups" in each for each in done["never_searched"])
    assert {
        each["place"].split("/")[-2] for each in done["traces"] if "s3://" in each["place"]
    } >= {
        "lambda",
        "quarantine",
        "training-sets",
        "athena-results",
        "materialize",
        "staging",
    }


def parquet(columns):
    sink = BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()
