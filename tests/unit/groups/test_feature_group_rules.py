"""Which feature groups are refused, and in which words."""

from dataclasses import replace

import pytest

from larder.errors import (
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ValidationError,
)
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    OnlineStore,
    StorageType,
    TableFormat,
)
from larder.groups.spec import CatalogSpec, OfflineSpec
from larder.offline.feature_table import FeatureTable
from tests.support.control import (
    KEY_ARN,
    PLATFORM,
    ROLE_ARN,
    VECTOR,
    WORDS,
    both_stores,
    control_plane,
    group_spec,
    in_memory,
)
from tests.support.groups import FEATURES

TEXT, WHOLE, NUMBER = FeatureType.STRING, FeatureType.INTEGRAL, FeatureType.FRACTIONAL


def features(*changes):
    return (*FEATURES, *changes)


def offline(**members):
    return both_stores(offline=OfflineSpec(**{"s3_uri": "s3://lake/offline"} | members))


def catalog(**members):
    names = {"catalog": "AwsDataCatalog", "database": "larder_dev", "table": "customers"}
    return offline(catalog=CatalogSpec(**names | members))


def brought(**members):
    asked = catalog(**members)
    return replace(asked, offline=replace(asked.offline, disable_glue_table_creation=True))


REFUSED = {
    "no store": (group_spec(online=None), "A feature group needs a store"),
    "no role": (both_stores(role_arn=None), "null at 'roleArn'"),
    "unknown identifier": (
        group_spec(record_identifier_name="id"),
        "'id' at 'recordIdentifierFeatureName' failed to satisfy constraint: Member must name one",
    ),
    "unknown event time": (group_spec(event_time_name="at"), "'at' at 'eventTimeFeatureName'"),
    "Integral event time": (group_spec(event_time_name="clicks"), "not Integral"),
    "one feature for both": (
        group_spec(event_time_name="customer_id"),
        "Member must not be the record identifier too",
    ),
    "collection as identifier": (
        group_spec(
            features=features(WORDS),
            record_identifier_name="words",
            online=OnlineStore(StorageType.IN_MEMORY),
        ),
        "must name a scalar feature, not a List",
    ),
    "reserved name": (
        group_spec(features=features(FeatureDefinition("Write_Time", TEXT))),
        "'Write_Time' at 'featureDefinitions.6.member.featureName' failed to satisfy constraint: "
        "Member must not be one of [api_invocation_time, is_deleted, write_time]",
    ),
    "name twice": (
        group_spec(features=features(FeatureDefinition("city", WHOLE))),
        "Member must not be the name of another feature",
    ),
    "name twice but for case": (
        group_spec(features=features(FeatureDefinition("City", TEXT))),
        "'City' at 'featureDefinitions.6.member.featureName' failed to satisfy constraint: Member "
        "must differ from the feature 'city' by more than letter case",
    ),
    "2501 features": (
        group_spec(features=features(*(FeatureDefinition(f"f{n}", TEXT) for n in range(2496)))),
        "beyond 2500 features",
    ),
    "collection on Standard": (
        group_spec(features=features(WORDS)),
        "StorageType be InMemory",
    ),
    "second Vector": (
        in_memory(VECTOR, FeatureDefinition("second", NUMBER, VECTOR.collection, 2)),
        "must not be a second Vector: the group has 'embedding'",
    ),
    "Vector of texts": (
        in_memory(FeatureDefinition("v", TEXT, VECTOR.collection, 2)),
        "Member must be Fractional where the CollectionType is Vector",
    ),
    "Vector without dimension": (
        in_memory(FeatureDefinition("v", NUMBER, VECTOR.collection)),
        "must not be null where the CollectionType is Vector",
    ),
    "List with dimension": (
        in_memory(FeatureDefinition("v", NUMBER, WORDS.collection, 2)),
        "must be left out where the CollectionType is not Vector",
    ),
    "Iceberg with Fractional event time": (
        both_stores(
            event_time_name="score",
            offline=OfflineSpec("s3://lake/x", table_format=TableFormat.ICEBERG),
        ),
        "SageMaker's Iceberg tables need a String event time",
    ),
    "Iceberg without a table": (
        offline(table_format=TableFormat.ICEBERG, disable_glue_table_creation=True),
        "Member must be false or left out where the TableFormat is Iceberg",
    ),
    "provisioned without units": (
        group_spec(throughput={"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 1}),
        "null at 'throughputConfig.provisionedWriteCapacityUnits'",
    ),
    "units on demand": (
        group_spec(throughput={"ThroughputMode": "OnDemand", "ProvisionedWriteCapacityUnits": 5}),
        "must be left out where ThroughputMode is OnDemand",
    ),
    "provisioned in memory": (
        group_spec(
            online=OnlineStore(StorageType.IN_MEMORY),
            throughput={
                "ThroughputMode": "Provisioned",
                "ProvisionedReadCapacityUnits": 1,
                "ProvisionedWriteCapacityUnits": 1,
            },
        ),
        "must be OnDemand where the StorageType is InMemory",
    ),
    "tag twice": (
        group_spec(tags=(("a", "1"), ("a", "2"))),
        "'a' at 'tags.2.member.key' failed to satisfy constraint: Member must be unique",
    ),
    "tag of AWS": (group_spec(tags=(("AWS:x", ""),)), "must not begin with aws:"),
    "another key": (
        group_spec(online=OnlineStore(kms_key_id="alias/mine")),
        f"or be the platform's key {KEY_ARN}",
    ),
    "another key offline": (offline(kms_key_id="mine"), "s3StorageConfig.kmsKeyId"),
    "another bucket": (offline(s3_uri="s3://elsewhere/x"), "in one of lake, other-lake"),
    "a bucket whose name begins alike": (offline(s3_uri="s3://lake.evil/x"), "in one of lake"),
    "an address over https": (offline(s3_uri="https://lake/x"), "must be s3://<bucket>/<prefix>"),
    "a path upwards": (offline(s3_uri="s3://lake/x/../y"), "'..' is not"),
    "an empty step": (offline(s3_uri="s3://lake/x//y"), "between single slashes"),
    "a line break": (offline(s3_uri="s3://lake/x\n"), "prefix of letters, digits"),
    "a long prefix": (offline(s3_uri="s3://lake/" + "x" * 701), "at most 700 characters"),
    "the platform's own prefix": (offline(s3_uri="s3://lake/quarantine/x"), "uses itself"),
    "another catalog": (catalog(catalog="mine"), "Member must be AwsDataCatalog"),
    "another database": (catalog(database="mine"), "Member must be one of [larder_dev]"),
    "an upper-case database": (brought(database="Mine"), "1 to 255 lower-case letters"),
    "an upper-case table": (catalog(table="Customers"), "lower-case letters, digits and underscor"),
    "a long table": (catalog(table="x" * 253), "1 to 252"),
}


@pytest.mark.parametrize(("spec", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_group_that_makes_no_sense_is_refused_with_one_reason(spec, words):
    groups = control_plane().groups

    with pytest.raises(ValidationError) as caught:
        groups.create(spec)

    assert words in str(caught.value)
    assert str(caught.value).startswith("1 validation error detected: ")
    assert groups.registry.get(spec.name) is None


ACCEPTED = {
    "both stores": both_stores(),
    "a feature of the partition's name": both_stores(
        features=features(FeatureDefinition("Event_Time_Trunc", TEXT))
    ),
    "offline alone": both_stores(online=None),
    "2500 features": group_spec(
        features=features(*(FeatureDefinition(f"f{n}", TEXT) for n in range(2495)))
    ),
    "in memory with an offline store": both_stores(
        online=OnlineStore(StorageType.IN_MEMORY), features=features(WORDS, VECTOR)
    ),
    "Fractional event time": both_stores(event_time_name="score"),
    "the platform's key": group_spec(online=OnlineStore(kms_key_id=KEY_ARN)),
    "the platform's key by its id": offline(kms_key_id=KEY_ARN.rpartition("/")[2]),
    "another bucket that is listed": offline(s3_uri="s3://other-lake"),
    "a reserved prefix elsewhere": offline(s3_uri="s3://other-lake/quarantine"),
    "a table of its own name": catalog(),
    "a table of format Glue": offline(table_format=TableFormat.GLUE),
    "no table": offline(disable_glue_table_creation=True),
    "a table that its owner brings": brought(database="mine"),
    "50 tags": group_spec(tags=tuple((f"k{n}", "") for n in range(50))),
    "provisioned": group_spec(
        throughput={
            "ThroughputMode": "Provisioned",
            "ProvisionedReadCapacityUnits": 0,
            "ProvisionedWriteCapacityUnits": 10_000_000,
        }
    ),
}


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_makes_sense_is_accepted(spec):
    groups = control_plane().groups

    assert groups.create(spec) == groups.get("customers")


def test_all_reasons_are_given_at_once():
    spec = both_stores(
        role_arn=None, event_time_name="clicks", offline=OfflineSpec("s3://elsewhere/x")
    )

    with pytest.raises(ValidationError, match=r"3 validation errors detected: .*; .*; "):
        control_plane().groups.create(spec)


def test_reasons_without_number_are_cut():
    spec = group_spec(features=FEATURES[:2] * 1000)

    with pytest.raises(
        ValidationError, match=r"1000 validation errors.*; and at least 980 more"
    ) as caught:
        control_plane().groups.create(spec)
    assert len(str(caught.value)) < 5000


def test_a_new_group_is_placed_as_sagemaker_places_it():
    group = control_plane().groups.create(both_stores("My-Group", tags=(("a", "b"),)))

    assert group.arn == "arn:aws:sagemaker:us-east-1:123456789012:feature-group/My-Group"
    assert group.offline.location == (
        "s3://lake/offline/123456789012/sagemaker/us-east-1/offline-store/My-Group-1700000000"
    )
    assert (group.offline.database, group.offline.table) == ("larder_dev", "my_group_1700000000")
    assert group.offline.table_format is TableFormat.ICEBERG
    assert group.status is FeatureGroupStatus.CREATING


def test_without_a_glue_table_data_are_in_format_glue_and_in_no_table():
    group = control_plane().groups.create(offline(disable_glue_table_creation=True))

    assert group.offline.table_format is TableFormat.GLUE
    assert (group.offline.catalog, group.offline.database, group.offline.table) == ("", "", "")
    with pytest.raises(ValidationError, match="are in no table of the catalog"):
        FeatureTable.of(group)


@pytest.mark.parametrize("named", [None, TableFormat.ICEBERG])
@pytest.mark.parametrize("prefix", ["", "/", "/sagemaker-feature-store"])
def test_in_sagemakers_default_bucket_the_format_is_sagemakers_unless_it_is_named(named, prefix):
    bucket = "sagemaker-us-east-1-123456789012"
    platform = replace(PLATFORM, buckets=("lake", bucket, f"{bucket}-more"))
    groups = control_plane(platform=platform).groups

    group = groups.create(offline(s3_uri=f"s3://{bucket}{prefix}", table_format=named))
    other = groups.create(replace(offline(s3_uri=f"s3://{bucket}-more{prefix}"), name="other"))

    assert group.offline.table_format is (named or TableFormat.GLUE)
    assert group.offline.table == "customers_1700000000"
    assert other.offline.table_format is TableFormat.ICEBERG


def test_a_table_that_its_owner_brings_is_named_as_given():
    group = control_plane().groups.create(brought(database="mine", table="ours"))

    assert (group.offline.database, group.offline.table) == ("mine", "ours")
    assert group.offline.disable_glue_table_creation


def test_a_listed_database_may_be_named():
    platform = replace(PLATFORM, other_databases=("mine",))

    group = control_plane(platform=platform).groups.create(catalog(database="mine"))

    assert (group.offline.database, group.offline.table) == ("mine", "customers")


def test_a_slash_at_the_end_of_the_uri_does_not_double():
    group = control_plane().groups.create(offline(s3_uri="s3://lake/"))

    assert group.offline.location.startswith("s3://lake/123456789012/")


def test_a_group_without_offline_store_is_created_at_once():
    assert control_plane().groups.create(group_spec()).status is FeatureGroupStatus.CREATED


def test_a_taken_name_is_refused_in_sagemakers_words():
    groups = control_plane().groups
    groups.create(group_spec())

    with pytest.raises(ResourceInUse) as taken:
        groups.create(group_spec())
    assert str(taken.value) == (
        "Resource Already Exists: FeatureGroup with name customers already exists. "
        "Choose a different name.\nInfo: Feature Group 'customers' already exists."
    )


def test_a_name_is_taken_until_the_old_group_is_gone():
    groups = control_plane().groups
    groups.create(group_spec())
    deleting = groups.delete("customers")

    with pytest.raises(ResourceInUse, match="being deleted"):
        groups.create(group_spec())
    groups.registry.remove(deleting)
    assert groups.create(group_spec()).uid == "uid2"


def test_the_quota_of_groups_is_held():
    few = control_plane(platform=type(PLATFORM)(PLATFORM.home, ("lake",), "db", KEY_ARN, 2)).groups
    few.create(group_spec("a"))
    few.create(group_spec("b"))

    with pytest.raises(ResourceLimitExceeded, match="limit of 2 feature groups"):
        few.create(group_spec("c"))


@pytest.mark.parametrize(
    "name", ["nobody", "arn:aws:sagemaker:us-east-1:123456789012:feature-group/x"]
)
def test_a_group_that_is_not_there_is_not_found(name):
    with pytest.raises(ResourceNotFound):
        control_plane().groups.get(name)


def test_deleting_twice_is_the_same_as_once():
    groups = control_plane().groups
    groups.create(group_spec())

    first = groups.delete("customers")

    assert first.status is FeatureGroupStatus.DELETING
    assert groups.delete("customers") == first


def test_a_declared_group_needs_no_role():
    group = control_plane().groups.create(both_stores(role_arn=None), declared_in="features/x.yaml")

    assert group.role_arn is None
    assert ROLE_ARN not in repr(group)
