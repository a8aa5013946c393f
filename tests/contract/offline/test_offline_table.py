"""What every OfflineTables promises, asked of Iceberg in a local catalog and in Glue on S3."""

import sys

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.transforms import DayTransform, TruncateTransform

from larder.errors import ServiceUnavailable
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.ports import Appended, TableUnusable
from tests.contract.offline.offline_bench import IcebergBench, iceberg_on_s3
from tests.support.groups import FEATURES
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import (
    NOON,
    WRITTEN,
    row,
    seconds,
    sql_catalog,
)


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture(params=["file", "glue"])
def bench(request, tmp_path, monkeypatch):
    if request.param == "file":
        with sql_catalog(tmp_path) as catalog:
            yield IcebergBench(catalog, f"file://{tmp_path}/offline")
        return
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("cloud"))
    yield iceberg_on_s3()


def test_a_new_table_has_the_features_and_then_the_services_columns(bench):
    group = bench.created()
    assert bench.columns(group) == [
        ("customer_id", "string"),
        ("event_time", "string"),
        ("clicks", "long"),
        ("score", "double"),
        ("city", "string"),
        ("write_time", "timestamp"),
        ("api_invocation_time", "timestamp"),
        ("is_deleted", "boolean"),
    ]


def test_a_new_table_is_an_iceberg_v2_at_the_groups_location_in_daily_partitions(bench):
    group = bench.created()
    table = bench.table(group)
    (partition,) = table.spec().fields
    assert (table.format_version, table.location()) == (2, group.offline.location)
    assert (partition.name, partition.transform) == ("event_time_trunc", TruncateTransform(10))


def test_a_fractional_event_time_is_partitioned_by_the_day_of_writing(bench):
    event_time = FeatureDefinition("event_time", FeatureType.FRACTIONAL)
    group = bench.created(features=(FEATURES[0], event_time))
    assert bench.table(group).spec().fields[0].transform == DayTransform()
    values = ("c1", 1700000000.5)
    bench.append(group, row(event_time=1700000000.5, values=values))
    assert bench.append(group, row(event_time=1700000000.5, values=values)).duplicates == 1
    assert [each["event_time"] for each in bench.rows(group)] == [1700000000.5]


def test_a_database_that_is_missing_is_named(bench):
    group = bench.group()
    store = group.offline
    for name in bench.catalog.list_tables(store.database):
        bench.catalog.drop_table(name)
    bench.catalog.drop_namespace(store.database)
    try:
        with pytest.raises(TableUnusable, match=r"database of offline table larder_dev\."):
            bench.tables.create(group)
    finally:
        bench.catalog.create_namespace(store.database)


def test_a_table_that_is_missing_is_named(bench):
    with pytest.raises(TableUnusable, match="does not exist in the catalog"):
        bench.append(bench.group(), row())


def test_writing_needs_none_of_pyicebergs_rust_companion(bench, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiceberg_core", None)  # the function's layer is without it
    group = bench.created()
    assert bench.append(group, row(), row("c2", event_time="2024-02-01T00:00:00Z")).rows == 2
    assert bench.append(group, row()).duplicates == 1


def test_an_expiry_of_long_ago_is_found_again_beside_rows_of_today(bench):
    group = bench.created()
    years = [row(f"y{n}", write_time=WRITTEN + n * 10**13) for n in range(5)]
    for each in years:
        bench.append(group, each)
    first = -62_135_596_800_000_000
    before = row("old", write_time=first, invocation_time=first)
    assert bench.append(group, before, years[4]).duplicates == 1
    assert bench.append(group, before, years[0]).duplicates == 2
    assert bench.table(group).scan().count() == 6


def test_a_newer_features_column_is_added_before_the_services_columns(bench):
    group = bench.created()
    bench.append(group, row())
    extra = (
        FeatureDefinition("Zip", FeatureType.STRING),
        FeatureDefinition("seen", FeatureType.INTEGRAL, CollectionType.LIST),
    )
    grown = bench.group(features=(*FEATURES, *extra))
    newer = row("c2", values=("c2", NOON, 1, 1.0, "Rome", "00100", [1]))
    bench.append(grown, newer)
    assert [name for name, _ in bench.columns(grown)][4:8] == ["city", "zip", "seen", "write_time"]
    assert [(each["zip"], each["seen"]) for each in bench.rows(grown)] == [
        (None, None),
        ("00100", [1]),
    ]


def test_evolving_is_idempotent_and_late_rows_of_the_old_schema_still_fit(bench):
    group = bench.created()
    grown = bench.group(features=(*FEATURES, FeatureDefinition("zip", FeatureType.STRING)))
    bench.tables.evolve(grown, remaining=seconds(30))
    location = bench.table(group).metadata_location
    bench.tables.evolve(grown, remaining=seconds(30))
    assert bench.table(group).metadata_location == location
    assert bench.append(group, row()).rows == 1
    assert bench.rows(group)[0]["zip"] is None


def test_a_column_that_somebody_retyped_makes_the_table_unusable(bench):
    group = bench.created()
    with bench.table(group).update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("clicks")
    with bench.table(group).update_schema() as update:
        update.add_column("clicks", bench.table(group).schema().find_field("city").field_type)
    with pytest.raises(TableUnusable, match=r"column clicks of offline table .* is string"):
        bench.append(group, row())


def test_a_column_that_somebody_added_is_left_null(bench):
    group = bench.created()
    with bench.table(group).update_schema() as update:
        update.add_column("note", bench.table(group).schema().find_field("city").field_type)
    bench.append(group, row())
    assert bench.rows(group)[0]["note"] is None


def test_somebody_elses_commit_in_between_is_seen(bench, monkeypatch):
    group = bench.created()
    rival = IcebergTables(bench.catalog)
    bench.append(group, row("c0"))
    once = iter([True])

    def interfere(tables, *arguments):
        if next(once, False):
            rival.append(group, [row("c1"), row("c2")], remaining=seconds(30))
        return original(*arguments)

    original = bench.catalog.commit_table
    monkeypatch.setattr(bench.catalog, "commit_table", lambda *a, **k: interfere(None, *a, **k))
    done = bench.append(group, row("c2"), row("c3"))
    assert (done.rows, done.duplicates) == (1, 1)
    assert [each["customer_id"] for each in bench.rows(group)] == ["c0", "c1", "c2", "c3"]


def test_conflicts_without_end_are_an_error_once_the_time_is_over(bench, monkeypatch):
    group = bench.created()

    def refuse(*_arguments, **_more):
        raise CommitFailedException("somebody was faster")

    monkeypatch.setattr(bench.catalog, "commit_table", refuse)
    left = iter([3.0, 2.0, 1.0, 0.0])
    with pytest.raises(ServiceUnavailable, match="could not be written in time: somebody was"):
        bench.tables.append(group, [row()], remaining=lambda: next(left))
    assert bench.rows(group) == []


def test_retries_that_would_skip_the_check_are_switched_off_again(bench):
    group = bench.created()
    with bench.table(group).transaction() as change:
        change.set_properties({"commit.retry.num-retries": "4"})
    bench.append(group, row())
    assert bench.table(group).properties["commit.retry.num-retries"] == "0"


def test_many_small_commits_are_kept_in_few_manifests(bench):
    group = bench.created()
    for n in range(35):
        bench.append(group, row(f"c{n}", write_time=WRITTEN + n))
    snapshot = bench.table(group).current_snapshot()
    assert len(snapshot.manifests(bench.table(group).io)) < 30
    assert bench.append(group, *(row(f"c{n}", write_time=WRITTEN + n) for n in range(35))).rows == 0


def test_bounds_of_the_write_time_are_whole_with_any_number_of_features(bench):
    many = tuple(FeatureDefinition(f"f{n}", FeatureType.STRING) for n in range(150))
    group = bench.created(features=(*FEATURES, *many))
    bench.append(group, row(), row("c2", write_time=WRITTEN + 3))
    (file,) = bench.table(group).inspect.files().to_pylist()
    metrics = file["readable_metrics"]["write_time"]
    span = metrics["upper_bound"] - metrics["lower_bound"]
    assert span.total_seconds() == 0.000003
    assert len(file["lower_bounds"]) == 3


def test_a_table_of_another_life_of_the_name_is_not_taken_over(bench):
    bench.created()
    with pytest.raises(TableUnusable, match="already exists and is not that of feature group"):
        bench.tables.create(bench.group(uid="another"))
    with pytest.raises(TableUnusable, match="already exists"):
        bench.append(bench.group(uid="another"), row())


def test_an_append_tells_the_snapshot_that_holds_its_rows(bench):
    group = bench.created()
    first = bench.append(group, row(), row("c2")).snapshot_id
    assert first == bench.table(group).current_snapshot().snapshot_id
    assert bench.append(group, row()) == Appended(0, 1, first)
