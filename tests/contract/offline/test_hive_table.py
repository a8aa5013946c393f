"""What every OfflineTables promises, asked of tables of format Glue: files on S3, a table in Glue.

What is the same in every format is in ``test_every_offline_table.py``.
"""

import re
from dataclasses import replace

import boto3
import pytest

from larder.errors import ServiceUnavailable
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.offline.adapters.hive.commits import Overtaken, S3Slots
from larder.offline.adapters.hive.tables import HiveTables
from larder.offline.adapters.iceberg.catalog import open_files
from larder.offline.ports import Appended, TableUnusable
from tests.contract.offline.offline_bench import hive_on_s3
from tests.support.groups import FEATURES
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import hive_files, hive_group, hive_rows, row, seconds

ZIP = FeatureDefinition("Zip", FeatureType.STRING)


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def bench(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    return hive_on_s3()


def test_a_new_table_is_sagemakers_an_external_one_without_partitions(bench):
    group = bench.created()
    table = bench.table(group)
    descriptor = table["StorageDescriptor"]
    assert bench.columns(group) == [
        ("customer_id", "string"),
        ("event_time", "string"),
        ("clicks", "bigint"),
        ("score", "double"),
        ("city", "string"),
        ("write_time", "timestamp"),
        ("api_invocation_time", "timestamp"),
        ("is_deleted", "boolean"),
    ]
    assert (table["TableType"], table.get("PartitionKeys", [])) == ("EXTERNAL_TABLE", [])
    assert descriptor["Location"] == f"{group.offline.location}/data"
    assert descriptor["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")


def test_files_lie_by_the_hour_of_the_event_time_and_are_named_by_the_latest(bench):
    group = bench.created()
    times = ("2024-01-31T12:00:00Z", "2024-01-31T12:59:59.5Z", "2024-02-01T00:00:00Z")
    bench.append(group, *(row(f"c{n}", event_time=at) for n, at in enumerate(times)))
    below = [key.partition("/data/")[2] for key in hive_files(group)]
    wanted = (
        r"year=2024/month=01/day=31/hour=12/20240131T125959Z_[0-9A-Za-z]{16}\.parquet",
        r"year=2024/month=02/day=01/hour=00/20240201T000000Z_[0-9A-Za-z]{16}\.parquet",
    )
    assert [bool(re.fullmatch(*pair)) for pair in zip(wanted, below, strict=True)] == [True, True]


def test_a_fractional_event_time_has_its_hour_too(bench):
    event_time = FeatureDefinition("event_time", FeatureType.FRACTIONAL)
    group = bench.created(features=(FEATURES[0], event_time))
    late = row(event_time=1_700_000_000.5, values=("c1", 1_700_000_000.5))
    early = row(event_time=-1.0, values=("c1", -1.0))
    assert bench.append(group, late, early).rows == 2
    assert bench.append(group, late, early).duplicates == 2
    assert [key.partition("/data/")[2][:51] for key in hive_files(group)] == [
        "year=1969/month=12/day=31/hour=23/19691231T235959Z_",
        "year=2023/month=11/day=14/hour=22/20231114T221320Z_",
    ]
    assert [each["event_time"] for each in hive_rows(group)] == [-1.0, 1_700_000_000.5]


def test_a_table_of_another_life_of_the_name_is_not_taken_over(bench):
    group = bench.created()
    elsewhere = replace(group.offline, location=f"{bench.root}/elsewhere")
    with pytest.raises(TableUnusable, match="already exists and is not that of feature group"):
        bench.tables.create(replace(group, uid="another", offline=elsewhere))


def test_a_location_of_another_group_is_not_taken_over(bench):
    bench.created()
    with pytest.raises(TableUnusable, match="already holds data that are not of feature group"):
        bench.tables.create(bench.group(uid="another"))
    with pytest.raises(TableUnusable, match="already holds data"):
        bench.append(bench.group(uid="another"), row())


def test_a_database_or_a_bucket_that_is_missing_is_named(bench):
    group = bench.group()
    lost = replace(group, offline=replace(group.offline, database="nowhere"))
    with pytest.raises(TableUnusable, match=r"database of offline table nowhere\."):
        bench.tables.create(lost)
    lost = replace(group, offline=replace(group.offline, location="s3://no-such-bucket/x"))
    with pytest.raises(TableUnusable, match="there is no bucket no-such-bucket"):
        bench.tables.create(lost)


def test_a_group_without_a_glue_table_is_written_all_the_same(bench):
    group = bench.group()
    store = replace(
        group.offline, catalog="", database="", table="", disable_glue_table_creation=True
    )
    group = replace(group, offline=store)
    bench.tables.create(group)
    bench.tables.evolve(group, remaining=seconds(30))
    assert bench.append(group, row()).rows == 1
    assert bench.append(group, row()).duplicates == 1
    assert len(hive_rows(group)) == 1


def test_a_table_that_was_dropped_does_not_hold_up_writes(bench):
    group = bench.created()
    bench.glue.delete_table(DatabaseName="larder_dev", Name=group.offline.table)
    assert bench.append(group, row()).rows == 1
    with pytest.raises(TableUnusable, match="does not exist in the catalog"):
        bench.tables.evolve(group, remaining=seconds(30))


def test_history_over_many_hours_is_written_in_several_commits(bench, monkeypatch):
    monkeypatch.setattr("larder.offline.adapters.hive.tables._MOST_HOURS", 2)
    group = bench.created()
    days = [row("c", event_time=f"2024-01-{day:02d}T00:00:00Z") for day in range(1, 6)]
    assert bench.append(group, *days).rows == 5
    assert (len(hive_files(group)), bench.append(group, *days).rows) == (5, 0)


def test_evolving_is_idempotent(bench):
    group = bench.created()
    grown = bench.group(features=(*FEATURES, ZIP))
    bench.tables.evolve(grown, remaining=seconds(30))
    version = bench.table(group)["VersionId"]
    bench.tables.evolve(grown, remaining=seconds(30))
    assert bench.table(group)["VersionId"] == version


def test_a_column_that_somebody_retyped_fails_the_update(bench):
    group = bench.created()
    wrong = bench.group(features=(*FEATURES[:2], FeatureDefinition("clicks", FeatureType.STRING)))
    with pytest.raises(TableUnusable, match=r"column clicks of offline table .* is bigint, not"):
        bench.tables.evolve(wrong, remaining=seconds(30))
    assert bench.append(group, row()).rows == 1


def test_somebody_elses_commit_in_between_is_seen(bench, monkeypatch):
    group = bench.created()
    rival = HiveTables(bench.s3, bench.glue, open_files())
    bench.append(group, row("c0"))
    once = iter([True])
    original = S3Slots.replace

    def interfere(*arguments):
        if next(once, False):
            rival.append(group, [row("c1"), row("c2")], remaining=seconds(30))
        return original(*arguments)

    monkeypatch.setattr(S3Slots, "replace", interfere)
    assert bench.append(group, row("c2"), row("c3")) == Appended(1, 1, None)
    assert [each["customer_id"] for each in hive_rows(group)] == ["c0", "c1", "c2", "c3"]


def test_conflicts_without_end_are_an_error_once_the_time_is_over(bench, monkeypatch):
    group = bench.created()

    def refuse(*_arguments, **_more):
        raise Overtaken("somebody was faster")

    monkeypatch.setattr(S3Slots, "replace", refuse)
    left = iter([3.0, 2.0, 1.0, 0.0])
    with pytest.raises(ServiceUnavailable, match="could not be written in time: somebody was"):
        bench.tables.append(group, [row()], remaining=lambda: next(left))
    assert hive_rows(group) == []


def test_files_that_others_put_there_are_no_hindrance(bench):
    group = bench.created()
    bench.append(group, row())
    bucket, _, key = f"{bench.root}/{bench.name}/data".removeprefix("s3://").partition("/")
    bench.s3.put_object(
        Bucket=bucket, Key=f"{key}/year=2024/month=01/day=31/hour=12/_SUCCESS", Body=b""
    )
    assert bench.append(group, row()).duplicates == 1


def test_a_group_below_an_hours_folder_neither_hides_rows_nor_holds_up_writes(bench):
    """Groups that an earlier release let overlap: only files right in the folder are the table's."""
    group = bench.created()
    bucket, _, key = f"{bench.root}/{bench.name}/data".removeprefix("s3://").partition("/")
    hour = f"{key}/year=2024/month=01/day=31/hour=12"
    stranger = hive_group(
        f"s3://{bucket}/{hour}/123456789012/sagemaker/x/offline-store/b-1", uid="ub"
    )
    bench.append(stranger, row(), row("c2"))
    bench.s3.put_object(Bucket=bucket, Key=f"{hour}/below/broken.parquet", Body=b"no parquet")

    assert bench.append(group, row(), row("c3")) == Appended(2, 0, None)
    assert bench.append(group, row()).duplicates == 1


def test_what_the_table_has_beside_its_columns_stays_when_it_grows(bench, monkeypatch):
    group = bench.created()
    told = bench.table(group)
    # members that AWS answers and moto does not, some of which UpdateTable refuses
    more = {"Owner": "", "PartitionKeys": [], "Retention": 7, "CreatedBy": "somebody"}
    with monkeypatch.context() as as_on_aws:
        as_on_aws.setattr(bench.glue, "get_table", lambda **_: {"Table": told | more})
        bench.tables.evolve(bench.group(features=(*FEATURES, ZIP)), remaining=seconds(30))
    table = bench.table(group)
    assert (table["Retention"], table["Parameters"]) == (7, told["Parameters"])
    assert "zip" in dict(bench.columns(group))


def test_the_groups_key_encrypts_its_files(bench):
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    group = bench.group()
    group = replace(group, offline=replace(group.offline, kms_key_id=key))
    bench.tables.create(group)
    bench.append(group, row())
    (file,) = hive_files(group)
    head = bench.s3.head_object(Bucket=group.offline.location.split("/")[2], Key=file)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
