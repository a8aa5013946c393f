"""The SageMaker SDK, version 3, unmodified: see ``sdk/v3.py`` for what it does."""

import pytest

from tests.conformance.environments import tell

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds

T0 = "2024-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def told(store, target, tmp_path_factory):
    settings = {
        "group": store.name("sdk3"),
        "bucket": target.bucket,
        "role": store.role,
        "group_seconds": target.group_seconds,
        "offline_seconds": target.offline_seconds,
    }
    return settings | {"steps": tell(3, settings, tmp_path_factory.mktemp("sdk3"))}


def test_row_018_105_a_group_is_created_and_waited_for(gave):
    assert gave("create_and_wait") == ["Created", "made by SDK v3"]


@pytest.mark.parametrize("mode", ["row_by_row", "in_batches"])
@pytest.mark.parametrize("workers", ["", "_with_many_workers"])
def test_row_105_every_row_is_ingested(gave, mode, workers):
    assert gave(f"ingest_{mode}{workers}") == []


def test_row_105_the_row_that_failed_is_named(gave):
    assert gave("ingest_names_the_row_that_failed") == [1]


def test_row_077_105_of_a_batch_only_the_row_that_failed_is_named(gave):
    assert gave("ingest_in_batches_names_the_row_that_failed") == [1]


def test_row_068_105_records_come_back_without_what_was_missing(gave):
    assert gave("get_record") == {
        "r1": {"id": "r1", "at": T0, "clicks": "1", "score": "0.5"},
        "r3": {"id": "r3", "at": T0, "clicks": "3"},
        "r169": {"id": "r169", "at": T0, "clicks": "169", "score": "84.5"},
        "nobody": None,
    }


def test_row_105_records_are_put_and_deleted(gave):
    assert gave("put_and_delete_record") == [{"id": "put", "at": T0}, None]


def test_row_105_records_are_read_in_batches(gave):
    assert gave("batch_get_record") == [["r1", "r2"], []]


def test_row_079_105_all_records_are_listed_once(gave):
    assert gave("list_all_records") == [174, 174]


def test_row_080_105_one_feature_of_a_record_is_updated(gave):
    assert gave("update_one_record") == {"id": "r1", "at": T0, "clicks": "1000", "score": "0.5"}


def test_row_047_105_groups_are_listed(gave, told):
    assert gave("get_all") == [told["group"]]


def test_row_048_105_feature_metadata_are_written_and_read(gave):
    assert gave("feature_metadata") == ["how often", [["team", "growth"]]]


def test_row_105_athena_queries_the_offline_store(gave):
    assert gave("athena_query") == [177, 1]


def test_row_105_a_dataset_is_built_of_what_is_not_deleted(gave):
    assert gave("create_dataset") == [174, ["at", "clicks", "id", "score"]]


def test_row_034_105_ddl_is_made_of_the_description(gave, told):
    assert f"/offline-store/{told['group']}-" in gave("hive_ddl")


def test_row_037_105_features_are_added(gave):
    assert gave("update_group") == "Successful"


def test_row_105_the_iceberg_tables_properties_are_managed(gave):
    wanted = {"write.target-file-size-bytes": "268435456"}
    assert gave("manage_iceberg_properties") == wanted


def test_row_036_105_a_group_is_deleted_and_waited_for(gave):
    assert gave("delete_and_wait") == "gone"
