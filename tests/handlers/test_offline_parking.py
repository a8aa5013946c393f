"""R1: a table that can't be written costs other groups nothing, and loses none of its own rows."""

import time

import boto3
import pytest

from larder.errors import ServiceUnavailable
from larder.groups.feature_group import FeatureGroupStatus
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.ports import Appended
from tests.handlers.test_offline_writer import bench, cloud, put
from tests.support.logs import metrics_in
from tests.support.offline import hive_group, hive_rows, rows_in

__all__ = ["bench", "cloud"]  # fixtures


def metadata_key(bench, group):
    table = bench.catalog.load_table((group.offline.database, group.offline.table))
    return table.metadata_location.removeprefix(f"s3://{bench.bucket}/")


def manifest_list_key(bench, group):
    table = bench.catalog.load_table((group.offline.database, group.offline.table))
    return table.current_snapshot().manifest_list.removeprefix(f"s3://{bench.bucket}/")


def object_gone(key_of):
    def harm(bench, group):
        s3, key = boto3.client("s3"), key_of(bench, group)
        body = s3.get_object(Bucket=bench.bucket, Key=key)["Body"].read()
        s3.delete_object(Bucket=bench.bucket, Key=key)
        return lambda: s3.put_object(Bucket=bench.bucket, Key=key, Body=body)

    return harm


def object_garbled(key_of):
    def harm(bench, group):
        s3, key = boto3.client("s3"), key_of(bench, group)
        body = s3.get_object(Bucket=bench.bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bench.bucket, Key=key, Body=b"{")
        return lambda: s3.put_object(Bucket=bench.bucket, Key=key, Body=body)

    return harm


def glue_entry(change):
    """The catalog's entry of the table, changed by a hand."""

    def harm(bench, group):
        glue, store = boto3.client("glue"), group.offline
        entry = glue.get_table(DatabaseName=store.database, Name=store.table)["Table"]
        kept = {
            name: entry[name]
            for name in ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
            if name in entry
        }
        changed = change(kept)
        if changed is None:
            glue.delete_table(DatabaseName=store.database, Name=store.table)
            return lambda: glue.create_table(DatabaseName=store.database, TableInput=kept)
        glue.update_table(DatabaseName=store.database, TableInput=changed)
        return lambda: glue.update_table(DatabaseName=store.database, TableInput=kept)

    return harm


HARMS = {
    "metadata gone": object_gone(metadata_key),
    "metadata garbled": object_garbled(metadata_key),
    "manifest list gone": object_gone(manifest_list_key),
    "manifest list garbled": object_garbled(manifest_list_key),
    "table dropped": glue_entry(lambda entry: None),
    "no Iceberg table any more": glue_entry(lambda entry: entry | {"Parameters": {}}),
    "its metadata lie in a bucket that is gone": glue_entry(
        lambda entry: (
            entry
            | {
                "Parameters": entry["Parameters"]
                | {"metadata_location": "s3://no-such-bucket-of-anybody/metadata/1.metadata.json"}
            }
        )
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_r1_a_broken_table_holds_up_nobody_and_its_rows_come_once_it_is_mended(bench, harm):
    broken, healthy = bench.created("broken"), bench.created("healthy")
    hourly = bench.group("hourly", make=hive_group)
    bench.handle(put(broken), put(healthy))
    mend = HARMS[harm](bench, broken)
    records = (put(broken, "c2", sequence=2), put(healthy, "c2"), put(hourly), put(broken, "c3"))
    assert bench.handle(*records) == {"batchItemFailures": []}
    assert [each["customer_id"] for each in rows_in(bench.catalog, healthy)] == ["c1", "c2"]
    assert [each["customer_id"] for each in hive_rows(hourly)] == ["c1"]
    ((key, document),) = bench.quarantined().items()
    assert key.startswith(f"quarantine/{broken.uid}/parked/2023/11/14/{2:021d}-")
    assert len(document["payload"]["Records"]) == 2
    assert broken.name in document["reason"] or "table" in document["reason"]

    assert bench.invoke({}) == {"drained": 0, "waiting": 1}
    assert list(bench.quarantined()) == [key]
    mend()
    assert bench.invoke({}) == {"drained": 1, "waiting": 0}
    assert bench.quarantined() == {}
    assert [each["customer_id"] for each in rows_in(bench.catalog, broken)] == ["c1", "c2", "c3"]


def test_a_group_whose_creation_does_not_end_holds_up_nobody(bench):
    creating = bench.group("creating", status=FeatureGroupStatus.CREATING)
    healthy = bench.created("healthy")
    assert bench.handle(put(creating), put(healthy)) == {"batchItemFailures": []}
    assert len(rows_in(bench.catalog, healthy)) == 1
    assert [each["uid"] for each in bench.quarantined().values()] == [creating.uid]


def test_a_parked_group_is_drained_up_to_the_time_that_is_left(bench, monkeypatch, capsys):
    groups = [bench.group(f"g{number}") for number in range(3)]
    bench.handle(*(put(group) for group in groups))
    assert len(bench.quarantined()) == 3
    for group in groups:
        bench.tables.create(group)
    taken = iter([60_000] * 2 + [0] * 99)

    class Context:
        def get_remaining_time_in_millis(self):
            return next(taken)

    capsys.readouterr()
    done = bench.invoke({}, Context())
    left = len(bench.quarantined())
    assert 0 < left < 3
    assert done == {"drained": 3 - left, "waiting": 0}
    assert metrics_in(capsys.readouterr().out)["ScheduledFailures"] == 1.0  # it was not all


def test_a_batch_parked_twice_is_one_object(bench):
    group = bench.group("unmade")
    records = put(group), put(group, "c2")
    bench.handle(*records)
    bench.handle(*records)
    assert len(bench.quarantined()) == 1


def test_how_many_changes_were_parked_is_a_metric(bench, capsys):
    group = bench.group("unmade")
    bench.handle(put(group), put(group, "c2"))
    assert '"ParkedChanges":2.0' in capsys.readouterr().out
    bench.invoke({})
    told = {"ParkedGroups": 1.0, "ScheduledRuns": 1.0, "ScheduledFailures": 1.0}
    assert metrics_in(capsys.readouterr().out) == told


def test_a_table_that_answers_nothing_yet_keeps_its_place_for_seconds(bench, monkeypatch):
    slow, healthy = bench.created("slow"), bench.created("healthy")
    append = IcebergTables.append

    def fails(self, group, rows, *, remaining) -> Appended:
        if group.uid == slow.uid:
            raise ServiceUnavailable("S3 asks to slow down")
        return append(self, group, rows, remaining=remaining)

    monkeypatch.setattr(IcebergTables, "append", fails)

    now = time.time()
    answer = bench.handle(put(healthy, entered=now), put(slow, sequence=2, entered=now))
    assert answer == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}
    assert bench.quarantined() == {}
