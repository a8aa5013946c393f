"""Feature groups once they are there: describe, update, delete, list."""

import pytest

from tests.conformance.store import AT, FEATURES, ID, T0, T1
from tests.conformance.waiting import eventually

HOUR = {"Unit": "Hours", "Value": 1}


def described(store, name):
    return store.sm.describe_feature_group(FeatureGroupName=name)


def test_row_034_a_group_is_described_whole(store):
    name = store.create(
        "whole", offline=True, Description="all of it", online={"TtlDuration": HOUR}
    )
    more = [{"FeatureName": "more", "FeatureType": "String"}]
    store.sm.update_feature_group(FeatureGroupName=name, FeatureAdditions=more)
    store.wait_updated(name)
    group = described(store, name)
    config = group["OfflineStoreConfig"]
    epoch = int(group["CreationTime"].timestamp())
    uri = config["S3StorageConfig"]
    tail = (
        f"/{store.account}/sagemaker/{store.sm.meta.region_name}/offline-store/{name}-{epoch}/data"
    )
    assert uri["ResolvedOutputS3Uri"] == uri["S3Uri"] + tail
    assert config["DataCatalogConfig"]["Catalog"] == "AwsDataCatalog"
    assert config["DataCatalogConfig"]["TableName"] == f"{name.replace('-', '_')}_{epoch}"
    assert config["TableFormat"] in ("Glue", "Iceberg")
    assert config["DisableGlueTableCreation"] is False
    assert group["OnlineStoreConfig"] == {
        "EnableOnlineStore": True,
        "StorageType": "Standard",
        "TtlDuration": HOUR,
    }
    assert group["OfflineStoreStatus"] == {"Status": "Active"}
    assert group["LastUpdateStatus"] == {"Status": "Successful"}
    assert (group["RecordIdentifierFeatureName"], group["EventTimeFeatureName"]) == (ID, AT)
    assert (group["Description"], group["RoleArn"]) == ("all of it", store.role)
    assert group["LastModifiedTime"] > group["CreationTime"]
    assert [each["FeatureName"] for each in group["FeatureDefinitions"]] == [*FEATURES, "more"]


def test_row_035_scalar_features_have_no_collection_type(store, group):
    for feature in described(store, group)["FeatureDefinitions"]:
        assert set(feature) == {"FeatureName", "FeatureType"}


def test_row_036_an_unknown_group_is_not_found(store):
    with pytest.raises(store.sm.exceptions.ResourceNotFound):
        described(store, "no-such-group")


def test_row_045_a_deleted_groups_offline_data_stay(store, offline):
    name = store.create("deleted", offline=True)
    store.put(name, "1", T0)
    offline.eventually(name, "1", 1)
    database, table = offline.catalog(name)
    location = described(store, name)["OfflineStoreConfig"]["S3StorageConfig"][
        "ResolvedOutputS3Uri"
    ]
    store.sm.delete_feature_group(FeatureGroupName=name)

    def unreadable():
        try:
            return "Record" not in store.answer(name, "1")
        except (store.rt.exceptions.ResourceNotFound, store.rt.exceptions.ValidationError):
            return True

    eventually(unreadable, seconds=store.target.settings_seconds)
    assert status(store, name) in ("Deleting", None)
    store.wait_gone(name)
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    assert offline.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] > 0
    assert len(offline.query(f'SELECT * FROM "{database}"."{table}"')) == 1


def status(store, name):
    """The group's status, or None where there is no group."""
    try:
        return described(store, name)["FeatureGroupStatus"]
    except store.sm.exceptions.ResourceNotFound:
        return None


def test_row_046_a_name_is_free_again_and_begins_empty(store, offline):
    name = store.create("again", offline=True)
    store.put(name, "1", T1)
    first = offline.catalog(name)
    created = described(store, name)["CreationTime"]
    store.sm.delete_feature_group(FeatureGroupName=name)
    store.wait_gone(name)
    store.create(name=name, offline=True)
    assert offline.catalog(name) != first
    assert described(store, name)["CreationTime"] > created
    eventually(lambda: answers(store, name), seconds=store.target.settings_seconds)
    assert store.get(name, "1") is None
    store.put(name, "1", T0)
    assert store.get(name, "1") == {ID: "1", AT: T0}


def answers(store, name):
    """Whether the data plane knows the group."""
    try:
        return store.answer(name, "none")
    except store.rt.exceptions.ResourceNotFound:
        return None
