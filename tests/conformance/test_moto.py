"""What moto's own two tests of feature groups ask, of the endpoint: an offline store alone.

Moto's bucket is ``mybucket``; here it is the target's, without a prefix, as there.
"""

import re
from datetime import datetime

import pytest

TYPES = {"some_feature": "String", "EventTime": "Fractional", "some_record_identifier": "String"}
DEFINITIONS = [{"FeatureName": name, "FeatureType": kind} for name, kind in TYPES.items()]


@pytest.fixture(scope="module")
def asked(store, target):
    """The members of moto's CreateFeatureGroup."""
    name = store.name("some-feature-group-name")
    store.made.append(name)
    return {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "some_record_identifier",
        "EventTimeFeatureName": "EventTime",
        "FeatureDefinitions": DEFINITIONS,
        "RoleArn": store.role,
        "OfflineStoreConfig": {
            "DisableGlueTableCreation": False,
            "S3StorageConfig": {"S3Uri": f"s3://{target.bucket}"},
        },
    }


@pytest.fixture(scope="module")
def arn(store, asked):
    return store.sm.create_feature_group(**asked)["FeatureGroupArn"]


def test_row_018_motos_group_has_its_arn(store, asked, arn):
    region = store.sm.meta.region_name
    name = asked["FeatureGroupName"]
    assert arn == f"arn:aws:sagemaker:{region}:{store.account}:feature-group/{name}"


def test_row_025_motos_name_is_taken_in_awss_words(store, asked, arn):
    name = asked["FeatureGroupName"]
    with pytest.raises(store.sm.exceptions.ResourceInUse) as taken:
        store.sm.create_feature_group(**asked)
    assert taken.value.response["Error"]["Message"].endswith(
        f"\nInfo: Feature Group '{name}' already exists."
    )


def test_row_034_motos_group_is_described_as_it_was_asked_for(store, asked, arn):
    group = store.wait(asked["FeatureGroupName"])
    same = ("RecordIdentifierFeatureName", "EventTimeFeatureName", "FeatureDefinitions", "RoleArn")
    assert {name: group[name] for name in same} == {name: asked[name] for name in same}
    assert group["FeatureGroupArn"] == arn
    assert isinstance(group["CreationTime"], datetime)
    offline, catalog = group["OfflineStoreConfig"], group["OfflineStoreConfig"]["DataCatalogConfig"]
    assert (
        offline["S3StorageConfig"]["S3Uri"]
        == asked["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"]
    )
    table = asked["FeatureGroupName"].replace("-", "_")
    assert re.fullmatch(f"{table}_[0-9]+", catalog["TableName"])
    assert catalog["Catalog"] == "AwsDataCatalog"
    assert "OnlineStoreConfig" not in group


def test_row_034_motos_database_is_sagemakers(store, target, asked, arn):
    if target.database != "sagemaker_featurestore":
        pytest.skip("the stage does not use SageMaker's names")
    catalog = store.wait(asked["FeatureGroupName"])["OfflineStoreConfig"]["DataCatalogConfig"]
    assert catalog["Database"] == "sagemaker_featurestore"
