"""What every OfflineTables promises, whatever the format: Iceberg on S3, and hourly files."""

from datetime import datetime

import pytest

from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.offline.rows import OfflineRow
from tests.contract.offline.offline_bench import (
    by_one_committer,
    hive_on_s3,
    iceberg_on_s3,
    waiting_for_the_lease,
)
from tests.support.groups import FEATURES
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import NOON, WRITTEN, row, seconds

ZIP = FeatureDefinition("Zip", FeatureType.STRING)
SEEN = FeatureDefinition("seen", FeatureType.INTEGRAL, CollectionType.LIST)


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


def directly(bench):
    return bench


@pytest.fixture(params=[iceberg_on_s3, hive_on_s3], ids=["Iceberg", "Glue"])
def stored(request):
    return request.param


@pytest.fixture(params=[directly, by_one_committer, waiting_for_the_lease])
def bench(cloud, monkeypatch, stored, request):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    return request.param(stored())


def counts(appended):
    return appended.rows, appended.duplicates


def test_rows_are_read_back_whole(bench):
    group = bench.created()
    deleted = row("c2", is_deleted=True, values=("c2", NOON), write_time=WRITTEN + 1_000_000)
    assert counts(bench.append(group, row(), deleted)) == (2, 0)
    live, marker = bench.rows(group)
    assert list(live.items()) == [
        ("customer_id", "c1"),
        ("event_time", NOON),
        ("clicks", 3),
        ("score", 0.5),
        ("city", "Oslo"),
        ("write_time", datetime(2023, 11, 14, 22, 13, 20)),
        ("api_invocation_time", datetime(2023, 11, 14, 22, 13, 19, 999993)),
        ("is_deleted", False),
    ]
    assert (marker["customer_id"], marker["clicks"], marker["is_deleted"]) == ("c2", None, True)


def test_collections_and_names_with_capitals_and_hyphens_are_kept(bench):
    features = (
        FeatureDefinition("Customer-Id", FeatureType.INTEGRAL),
        FeatureDefinition("Event-Time", FeatureType.STRING),
        FeatureDefinition("Tags", FeatureType.STRING, CollectionType.SET),
        FeatureDefinition("Place", FeatureType.FRACTIONAL, CollectionType.VECTOR, 2),
    )
    group = bench.created(
        features=features, record_identifier_name="Customer-Id", event_time_name="Event-Time"
    )
    given = OfflineRow(7, NOON, WRITTEN, WRITTEN, False, (7, NOON, ["a", "b"], [0.5, 1.0]))
    assert counts(bench.append(group, given)) == (1, 0)
    assert counts(bench.append(group, given)) == (0, 1)
    (found,) = bench.rows(group)
    assert list(found.values())[:4] == [7, NOON, ["a", "b"], [0.5, 1.0]]
    names = ["customer-id", "event-time", "tags", "place"]
    assert list(found)[:4] == [name for name, _ in bench.columns(group)][:4] == names


def test_creating_twice_is_the_same_as_once(bench):
    group = bench.created()
    bench.append(group, row())
    bench.tables.create(group)
    assert counts(bench.append(group, row())) == (0, 1)
    assert len(bench.rows(group)) == 1


def test_a_key_is_written_once_whatever_the_batches(bench):
    group = bench.created()
    batch = [row(f"c{n}", write_time=WRITTEN + n) for n in range(10)]
    assert counts(bench.append(group, *batch[:6])) == (6, 0)
    assert counts(bench.append(group, *batch[3:])) == (4, 3)
    assert counts(bench.append(group, *batch)) == (0, 10)
    assert len(bench.rows(group)) == 10


def test_a_batch_that_holds_a_row_twice_writes_it_once(bench):
    group = bench.created()
    assert counts(bench.append(group, row(), row(), row("c2"))) == (2, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"identifier": "c2"},
        {"event_time": "2024-01-31T12:00:00.0Z"},
        {"write_time": WRITTEN + 1},
    ],
)
def test_rows_that_differ_in_any_part_of_the_key_are_two(bench, other):
    group = bench.created()
    bench.append(group, row())
    bench.append(group, row(**other))
    assert len(bench.rows(group)) == 2


def test_a_newer_features_column_stands_before_the_services_columns(bench):
    group = bench.created()
    bench.append(group, row())
    grown = bench.group(features=(*FEATURES, ZIP, SEEN))
    bench.tables.evolve(grown, remaining=seconds(30))
    newer = row("c2", values=("c2", NOON, 1, 1.0, "Rome", "00100", [1]))
    bench.append(grown, newer)
    bench.append(group, row("c3"))  # late, of the old schema
    assert [name for name, _ in bench.columns(grown)][4:8] == ["city", "zip", "seen", "write_time"]
    assert {each["customer_id"]: (each["zip"], each["seen"]) for each in bench.rows(grown)} == {
        "c1": (None, None),
        "c2": ("00100", [1]),
        "c3": (None, None),
    }
