"""CreateFeatureGroup: what is made, and what is refused."""

import pytest

from tests.conformance.refusals import code, refusal
from tests.conformance.store import AT, FEATURES, ID
from tests.conformance.waiting import eventually

VECTOR = {
    "FeatureType": "Fractional",
    "CollectionType": "Vector",
    "CollectionConfig": {"VectorConfig": {"Dimension": 3}},
}
LIST = {"FeatureType": "String", "CollectionType": "List"}
IN_MEMORY = {"StorageType": "InMemory"}


def refused(store, **settings):
    """The refusal of a group; it must leave none behind."""
    name = store.name("refused")
    error = refusal(store.sm.create_feature_group, **store.request(name, **settings))
    assert code(store.sm.describe_feature_group, FeatureGroupName=name) == "ResourceNotFound"
    return error.response["Error"]["Code"]


def vector(dimension):
    return VECTOR | {"CollectionConfig": {"VectorConfig": {"Dimension": dimension}}}


def test_row_018_a_group_is_described_at_once_and_created_soon(store):
    name = store.start("new", offline=True)
    described = store.sm.describe_feature_group(FeatureGroupName=name)
    assert described["FeatureGroupStatus"] in ("Creating", "Created")
    assert described["FeatureGroupArn"].endswith(f":feature-group/{name}")
    assert store.wait(name)["FeatureGroupStatus"] == "Created"


def test_row_019_a_group_needs_a_store(store):
    assert refused(store, online=False) == "ValidationException"


def test_row_020_an_offline_store_needs_a_role(store):
    request = store.request(store.name("roleless"), offline=True)
    del request["RoleArn"]
    assert code(store.sm.create_feature_group, **request) == "ValidationException"


@pytest.mark.parametrize("member", ["RecordIdentifierFeatureName", "EventTimeFeatureName"])
def test_row_021_identifier_and_event_time_are_among_the_features(store, member):
    assert refused(store, **{member: "nowhere"}) == "ValidationException"


def test_row_022_an_event_time_is_never_integral(store):
    assert refused(store, features=FEATURES | {AT: "Integral"}) == "ValidationException"


@pytest.mark.parametrize("name", ["is_deleted", "write_time", "api_invocation_time"])
def test_row_023_the_offline_stores_own_names_are_reserved(store, name):
    assert refused(store, features=FEATURES | {name: "String"}) == "ValidationException"


def test_row_024_a_group_has_2500_features_and_no_more(store):
    features = {ID: "String", AT: "String", **{f"f{n}": "Integral" for n in range(2498)}}
    name = store.create("wide", features=features)
    described = store.sm.describe_feature_group(FeatureGroupName=name)
    assert len(described["FeatureDefinitions"]) == 2500
    store.put(name, "1", "2024-01-01T00:00:00Z", {"f2497": "7"})
    assert store.get(name, "1", FeatureNames=["f2497"]) == {"f2497": "7"}
    assert refused(store, features=features | {"one-more": "String"}) == "ValidationException"


def test_row_024_feature_names_are_unique(store):
    name = store.name("twice")
    request = store.request(name)
    request["FeatureDefinitions"].append({"FeatureName": "city", "FeatureType": "String"})
    assert code(store.sm.create_feature_group, **request) == "ValidationException"


def test_row_025_a_name_is_given_once(store, group):
    with pytest.raises(store.sm.exceptions.ResourceInUse) as taken:
        store.sm.create_feature_group(**store.request(group))
    assert taken.value.response["Error"]["Message"] == (
        f"Resource Already Exists: FeatureGroup with name {group} already exists. "
        f"Choose a different name.\nInfo: Feature Group '{group}' already exists."
    )


def test_row_027_an_iceberg_table_needs_a_string_event_time(store):
    settings = {"features": FEATURES | {AT: "Fractional"}, "offline": {"TableFormat": "Iceberg"}}
    assert refused(store, **settings) == "ValidationException"


def test_row_028_an_in_memory_group_may_have_an_offline_store(store, offline):
    name = store.create(
        "both-tiers", online=IN_MEMORY, offline=True, features=FEATURES | {"words": LIST}
    )
    store.put(name, "1", "2024-01-01T00:00:00Z", {"words": ["a", "b", "a"]})
    assert store.get(name, "1")["words"] == ["a", "b", "a"]
    (row,) = offline.eventually(name, "1", 1)
    assert row["words"] == "[a, b, a]"


@pytest.mark.parametrize("tier", ["Standard", "Standard_V2"])
def test_row_029_collections_are_for_in_memory_groups(store, tier):
    settings = {"online": {"StorageType": tier}, "features": FEATURES | {"words": LIST}}
    assert refused(store, **settings) == "ValidationException"


@pytest.mark.parametrize(
    "features",
    [
        {"v": VECTOR, "w": VECTOR},
        {"v": VECTOR | {"FeatureType": "Integral"}},
        {"v": vector(8193)},
        {"v": {"FeatureType": "Fractional", "CollectionType": "Vector"}},
    ],
    ids=["two", "integral", "too long", "without dimension"],
)
def test_row_029_a_vector_that_cannot_be_is_refused(store, features):
    assert refused(store, online=IN_MEMORY, features=FEATURES | features) == "ValidationException"


@pytest.mark.parametrize("dimension", [1, 8192])
def test_row_029_vectors_have_1_to_8192_dimensions(store, dimension):
    name = store.create("vector", online=IN_MEMORY, features=FEATURES | {"v": vector(dimension)})
    described = store.sm.describe_feature_group(FeatureGroupName=name)["FeatureDefinitions"][-1]
    assert described == {"FeatureName": "v", **vector(dimension)}


@pytest.mark.parametrize("tier", [None, "Standard", "Standard_V2", "InMemory"])
def test_row_030_the_storage_type_is_described(store, tier):
    name = store.create("tier", online={"StorageType": tier} if tier else True)
    described = store.sm.describe_feature_group(FeatureGroupName=name)
    assert described["OnlineStoreConfig"]["StorageType"] == (tier or "Standard")


def test_row_031_throughput_is_checked_and_described(store, group):
    units = {"ProvisionedReadCapacityUnits": 5, "ProvisionedWriteCapacityUnits": 7}
    provisioned = {"ThroughputMode": "Provisioned", **units}
    assert refused(store, online=IN_MEMORY, ThroughputConfig=provisioned) == "ValidationException"
    name = store.create("provisioned", ThroughputConfig=provisioned)
    described = store.sm.describe_feature_group(FeatureGroupName=name)
    assert described["ThroughputConfig"] == provisioned
    described = store.sm.describe_feature_group(FeatureGroupName=group)
    assert described["ThroughputConfig"] == {"ThroughputMode": "OnDemand"}


def test_row_032_tags_given_at_creation_are_listed(store):
    tags = [{"Key": "team", "Value": "growth"}, {"Key": "empty", "Value": ""}]
    name = store.create("tagged", Tags=tags)
    arn = store.sm.describe_feature_group(FeatureGroupName=name)["FeatureGroupArn"]
    assert store.sm.list_tags(ResourceArn=arn)["Tags"] == tags


def test_row_033_a_group_that_cannot_be_provisioned_says_why_and_can_be_deleted(
    store, offline, group
):
    database, table = offline.catalog(group)
    catalog = {"Catalog": "AwsDataCatalog", "Database": database, "TableName": table}
    name = store.start("taken", offline={"DataCatalogConfig": catalog})
    assert table in store.wait(name, "CreateFailed")["FailureReason"]
    store.sm.delete_feature_group(FeatureGroupName=name)
    store.wait_gone(name)
    assert eventually(lambda: offline.columns(group), seconds=1)
