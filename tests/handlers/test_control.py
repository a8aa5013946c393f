"""The control plane's handler, called by an unmodified boto3 client, on memory and on moto."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from larder.groups.feature_group import FeatureGroupStatus, UpdateStatus
from tests.support.control import KEY_ARN, ROLE_ARN, START, control_plane, create_request

ARN = "arn:aws:sagemaker:us-east-1:123456789012:feature-group/"


def test_a_group_is_created_and_described_member_by_member(client):
    request = create_request(
        Description="people",
        Tags=[{"Key": "team", "Value": "ops"}],
        ThroughputConfig={"ThroughputMode": "OnDemand"},
        OnlineStoreConfig={
            "EnableOnlineStore": True,
            "TtlDuration": {"Unit": "Days", "Value": 3},
            "SecurityConfig": {"KmsKeyId": KEY_ARN},
        },
    )

    assert client.create_feature_group(**request)["FeatureGroupArn"] == f"{ARN}customers"

    described = client.describe_feature_group(FeatureGroupName="customers")
    metadata = described.pop("ResponseMetadata")
    assert metadata["RequestId"] == "req-door"
    times = [described.pop(name).timestamp() for name in ("CreationTime", "LastModifiedTime")]
    assert times == [START // 1000 / 1000] * 2
    assert described == {
        "FeatureGroupArn": f"{ARN}customers",
        "FeatureGroupName": "customers",
        "RecordIdentifierFeatureName": "customer_id",
        "EventTimeFeatureName": "event_time",
        "FeatureDefinitions": request["FeatureDefinitions"],
        "OnlineStoreConfig": {**request["OnlineStoreConfig"], "StorageType": "Standard"},
        "OfflineStoreConfig": {
            "S3StorageConfig": {
                "S3Uri": "s3://lake/offline",
                "ResolvedOutputS3Uri": "s3://lake/offline/123456789012/sagemaker/us-east-1/"
                "offline-store/customers-1700000000/data",
            },
            "DisableGlueTableCreation": False,
            "DataCatalogConfig": {
                "TableName": "customers_1700000000",
                "Catalog": "AwsDataCatalog",
                "Database": "larder_dev",
            },
            "TableFormat": "Iceberg",
        },
        "ThroughputConfig": {"ThroughputMode": "OnDemand"},
        "RoleArn": ROLE_ARN,
        "FeatureGroupStatus": "Creating",
        "OfflineStoreStatus": {"Status": "Active"},
        "Description": "people",
    }


def test_a_group_without_a_glue_table_is_described_without_a_catalog(client):
    config = {
        "S3StorageConfig": {"S3Uri": "s3://lake/offline"},
        "DisableGlueTableCreation": True,
    }
    client.create_feature_group(**create_request(OfflineStoreConfig=config))

    described = client.describe_feature_group(FeatureGroupName="customers")["OfflineStoreConfig"]
    assert set(described) == {"S3StorageConfig", "DisableGlueTableCreation", "TableFormat"}
    assert (described["DisableGlueTableCreation"], described["TableFormat"]) == (True, "Glue")


def test_a_table_that_its_owner_brings_is_described_as_it_was_given(client):
    catalog = {"Catalog": "AwsDataCatalog", "Database": "mine", "TableName": "customers"}
    config = {
        "S3StorageConfig": {"S3Uri": "s3://lake/offline"},
        "DisableGlueTableCreation": True,
        "DataCatalogConfig": catalog,
    }
    client.create_feature_group(**create_request(OfflineStoreConfig=config))

    described = client.describe_feature_group(FeatureGroupName="customers")["OfflineStoreConfig"]
    assert described["DataCatalogConfig"] == catalog


def test_collections_are_described_as_they_were_defined(client):
    request = create_request(
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "InMemory"}
    )
    vector = {"VectorConfig": {"Dimension": 8}}
    request["FeatureDefinitions"] += [
        {"FeatureName": "words", "FeatureType": "String", "CollectionType": "Set"},
        {
            "FeatureName": "embedding",
            "FeatureType": "Fractional",
            "CollectionType": "Vector",
            "CollectionConfig": vector,
        },
    ]

    client.create_feature_group(**request)

    described = client.describe_feature_group(FeatureGroupName=f"{ARN}customers")
    assert described["FeatureDefinitions"] == request["FeatureDefinitions"]


def test_a_group_lives_from_creating_to_gone(client, catalog, settle):
    client.create_feature_group(**create_request())
    settle()
    assert _status(client) == "Created"

    assert client.delete_feature_group(FeatureGroupName="customers")["ResponseMetadata"]
    client.delete_feature_group(FeatureGroupName="customers")
    assert _status(client) == "Deleting"

    catalog.groups.registry.remove(catalog.groups.get("customers"))
    with pytest.raises(client.exceptions.ResourceNotFound, match="customers"):
        _status(client)
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.delete_feature_group(FeatureGroupName="customers")


def test_features_are_added_while_the_table_follows(client, settle):
    client.create_feature_group(**create_request())
    settle()
    more = [{"FeatureName": "age", "FeatureType": "Integral"}]

    arn = client.update_feature_group(FeatureGroupName="customers", FeatureAdditions=more)

    assert arn["FeatureGroupArn"] == f"{ARN}customers"
    described = client.describe_feature_group(FeatureGroupName="customers")
    assert described["LastUpdateStatus"] == {"Status": "InProgress"}
    assert described["FeatureDefinitions"][-1:] == more
    settle(last_update=UpdateStatus.FAILED, last_update_failure="x" * 2000)
    status = client.describe_feature_group(FeatureGroupName="customers")["LastUpdateStatus"]
    assert status == {"Status": "Failed", "FailureReason": "x" * 1024}


def test_a_failed_creation_is_described_with_its_reason_and_deleted(client, settle):
    client.create_feature_group(**create_request())
    settle(status=FeatureGroupStatus.CREATE_FAILED, failure_reason="the table exists")

    described = client.describe_feature_group(FeatureGroupName="customers")
    assert (described["FeatureGroupStatus"], described["FailureReason"]) == (
        "CreateFailed",
        "the table exists",
    )
    client.delete_feature_group(FeatureGroupName="customers")
    assert _status(client) == "Deleting"


def test_the_time_to_live_is_removed_by_an_empty_duration(client):
    client.create_feature_group(**_online_only())
    days = {"TtlDuration": {"Unit": "Days", "Value": 3}}
    client.update_feature_group(FeatureGroupName="customers", OnlineStoreConfig=days)
    assert _online(client)["TtlDuration"] == days["TtlDuration"]

    client.update_feature_group(FeatureGroupName="customers", OnlineStoreConfig={"TtlDuration": {}})

    assert "TtlDuration" not in _online(client)


def test_standard_moves_to_standard_v2(client):
    client.create_feature_group(**_online_only())

    client.update_feature_group(
        FeatureGroupName=f"{ARN}customers", OnlineStoreConfig={"StorageType": "Standard_V2"}
    )

    assert _online(client)["StorageType"] == "Standard_V2"
    described = client.describe_feature_group(FeatureGroupName="customers")
    assert described["LastUpdateStatus"] == {"Status": "Successful"}
    assert described["OfflineStoreStatus"] == {"Status": "Disabled"}


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({}, "not none of them"),
        (
            {
                "OnlineStoreConfig": {"StorageType": "Standard_V2"},
                "ThroughputConfig": {"ThroughputMode": "OnDemand"},
            },
            "not OnlineStoreConfig and ThroughputConfig",
        ),
        ({"OnlineStoreConfig": {}}, "OnlineStoreConfig changes nothing"),
        ({"ThroughputConfig": {}}, "ThroughputConfig changes nothing"),
        ({"OnlineStoreConfig": {"TtlDuration": {"Unit": "Days"}}}, "onlineStoreConfig.ttlDuration"),
        ({"OnlineStoreConfig": {"TtlDuration": {"Unit": "Years", "Value": 1}}}, "enum value set"),
    ],
)
def test_an_update_is_one_change_and_makes_sense(client, update, words):
    client.create_feature_group(**_online_only())

    with pytest.raises(ClientError, match=words) as caught:
        client.update_feature_group(FeatureGroupName="customers", **update)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_taken_name_raises_the_typed_error(client):
    client.create_feature_group(**create_request())

    with pytest.raises(client.exceptions.ResourceInUse, match="already exists"):
        client.create_feature_group(**create_request())


def test_the_quota_raises_the_typed_error(serve):
    catalog = control_plane()
    few = replace(catalog.groups, platform=replace(catalog.groups.platform, max_groups=1))
    client = serve(replace(catalog, groups=few))
    client.create_feature_group(**create_request("a"))

    with pytest.raises(client.exceptions.ResourceLimitExceeded, match="limit of 1"):
        client.create_feature_group(**create_request("b"))


@pytest.mark.parametrize("where", ["us-east-2:123456789012", "us-east-1:999999999999"])
def test_groups_of_elsewhere_are_never_ours(client, where):
    client.create_feature_group(**create_request())

    with pytest.raises(ClientError, match="serves arn:aws:sagemaker:us-east-1:123456789012"):
        client.describe_feature_group(
            FeatureGroupName=f"arn:aws:sagemaker:{where}:feature-group/customers"
        )


def test_settings_of_a_store_that_is_off_are_refused(client):
    config = {"StorageType": "Standard", "TtlDuration": {"Unit": "Days", "Value": 1}}

    with pytest.raises(ClientError, match=r"2 validation errors.*EnableOnlineStore is not true"):
        client.create_feature_group(**create_request(OnlineStoreConfig=config))


def test_groups_are_listed_in_pages(client, catalog, settle):
    for name in ("b", "a", "c-group"):
        client.create_feature_group(**create_request(name))
        catalog.groups.clock.now += 1_500_000
    settle("a")

    def names(**arguments):
        pages = client.get_paginator("list_feature_groups").paginate(
            **arguments, PaginationConfig={"PageSize": 2}
        )
        return [it["FeatureGroupName"] for page in pages for it in page["FeatureGroupSummaries"]]

    assert names() == ["c-group", "a", "b"]
    assert names(SortBy="Name", SortOrder="Ascending") == ["a", "b", "c-group"]
    assert names(SortBy="FeatureGroupStatus", SortOrder="Ascending") == ["a", "b", "c-group"]
    assert names(SortBy="OfflineStoreStatus") == ["c-group", "b", "a"]
    assert names(NameContains="-gr") == ["c-group"]
    assert names(FeatureGroupStatusEquals="Created") == ["a"]
    assert names(OfflineStoreStatusEquals="Blocked") == []
    first = START // 1000 / 1000
    assert names(CreationTimeAfter=first) == ["c-group", "a"]
    assert names(CreationTimeBefore=first + 0.001) == ["b"]


def test_a_page_goes_on_though_groups_come_and_go(client, catalog):
    for name in "abcd":
        client.create_feature_group(**create_request(name))

    def page(**arguments):
        answer = client.list_feature_groups(
            SortBy="Name", SortOrder="Ascending", MaxResults=2, **arguments
        )
        return [it["FeatureGroupName"] for it in answer["FeatureGroupSummaries"]], answer

    names, answer = page()
    assert names == ["a", "b"]
    catalog.groups.registry.remove(catalog.groups.get("b"))
    client.create_feature_group(**create_request("aa"))
    assert page(NextToken=answer["NextToken"])[0] == ["c", "d"]


@pytest.mark.parametrize("token", ["x", "bnVsbA==", "WyJOYW1lIixmYWxzZSwxLCJhIl0=", "é"])
def test_a_token_of_elsewhere_is_refused(client, token):
    client.create_feature_group(**create_request())

    with pytest.raises(ClientError, match="NextToken is not one"):
        client.list_feature_groups(SortBy="Name", SortOrder="Ascending", NextToken=token)


def _online_only():
    request = create_request()
    del request["OfflineStoreConfig"], request["RoleArn"]
    return request


def _online(client):
    return client.describe_feature_group(FeatureGroupName="customers")["OnlineStoreConfig"]


def _status(client):
    return client.describe_feature_group(FeatureGroupName="customers")["FeatureGroupStatus"]
