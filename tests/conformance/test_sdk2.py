"""The SageMaker SDK, version 2, unmodified: see ``sdk/v2.py`` for what it does."""

import pytest

from tests.conformance.environments import tell

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds

T0 = "2024-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def told(store, target, tmp_path_factory):
    settings = {
        "group": store.name("sdk2"),
        "bucket": target.bucket,
        "role": store.role,
        "group_seconds": target.group_seconds,
        "offline_seconds": target.offline_seconds,
    }
    return settings | {"steps": tell(2, settings, tmp_path_factory.mktemp("sdk2"))}


def test_row_104_a_group_is_created_with_both_stores(gave, told):
    assert gave("create") == "Created"
    assert gave("describe") == {"FeatureGroupName": told["group"], "Description": "made by SDK v2"}


def test_row_035_104_one_worker_ingests_every_row(gave):
    assert gave("ingest_with_one_worker") == []


def test_row_104_many_workers_with_clients_of_their_own_ingest_every_row(gave):
    assert gave("ingest_with_many_workers") == []


def test_row_104_the_rows_that_failed_are_named(gave):
    assert gave("ingest_names_the_rows_that_failed") == [1, 3]


def test_row_104_records_come_back_without_what_was_missing(gave):
    common = {"at": T0}
    assert gave("get_record") == {
        "1": common | {"id": "r1", "clicks": "1", "score": "0.5"},
        "3": common | {"id": "r3", "clicks": "3"},
        "49": common | {"id": "r49", "clicks": "49", "score": "24.5"},
    }


def test_row_068_104_a_missing_record_is_none(gave):
    assert gave("get_a_missing_record") is None


def test_row_104_records_are_put_and_deleted(gave):
    assert gave("put_record") == {"id": "put", "at": T0, "clicks": "7"}
    assert gave("delete_record") is None


def test_row_104_records_are_read_in_batches(gave):
    assert gave("batch_get_record") == [{"id": "r1", "clicks": "1"}, {"id": "r2", "clicks": "2"}]


def test_row_050_104_groups_are_searched_and_listed(gave, told):
    assert gave("search") == [told["group"]]
    assert gave("list_feature_groups") == [told["group"]]


def test_row_052_104_tags_are_listed(gave):
    assert gave("list_tags") == [{"Key": "team", "Value": "growth"}]


def test_row_048_104_feature_metadata_are_written_and_read(gave):
    assert gave("feature_metadata") == ["how often", [{"Key": "team", "Value": "growth"}]]


def test_row_104_athena_queries_the_offline_store(gave):
    rows, columns, deleted = gave("athena_query")
    own = ["write_time", "api_invocation_time", "is_deleted"]
    assert (rows, columns, deleted) == (54, ["id", "at", "clicks", "score", *own], 1)


def test_row_104_a_dataset_is_built_of_what_is_not_deleted(gave):
    rows, columns, by_subqueries = gave("create_dataset")
    assert (rows, columns, by_subqueries) == (52, ["at", "clicks", "id", "score"], True)


def test_row_034_104_ddl_is_made_of_the_description(gave, told):
    assert f"/offline-store/{told['group']}-" in gave("as_hive_ddl")


def test_row_037_104_features_are_added(gave):
    assert gave("update") == "Successful"


def test_row_045_104_a_group_is_deleted(gave):
    assert gave("delete") == "Deleting"
