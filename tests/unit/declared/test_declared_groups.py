"""What definitions bring about beside groups that are there already."""

from dataclasses import replace

import pytest

from larder.access.grants import Grants
from larder.declared.apply import DeclaredGroups, Definition, FeatureNote
from larder.errors import ResourceInUse, ResourceLimitExceeded, ValidationError
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    OnlineStore,
    StorageType,
    TtlDuration,
    UpdateStatus,
)
from larder.groups.spec import CatalogSpec, OfflineSpec
from larder.groups.tag import GroupTags
from tests.support.control import PLATFORM, both_stores, control_plane, group_spec
from tests.support.groups import FEATURES

AGE = FeatureDefinition("age", FeatureType.INTEGRAL)
DAYS = TtlDuration("Days", 3)
ARN = "arn:aws:iam::123456789012"


@pytest.fixture
def catalog():
    return control_plane()


@pytest.fixture
def apply(catalog):
    """Apply specs, each from the file of its name, and settle what they begin."""

    def apply(*specs, **members):
        declared = DeclaredGroups(catalog.groups, catalog)
        declared.apply([Definition(f"features/{it.name}.yaml", it, **members) for it in specs])
        for group in catalog.groups.registry.list():
            if _is_moving(group):
                catalog.groups.registry.replace(settled(group))

    return apply


def _is_moving(group):
    creating = group.status is FeatureGroupStatus.CREATING
    return creating or group.last_update is UpdateStatus.IN_PROGRESS


def settled(group):
    update = group.last_update and UpdateStatus.SUCCESSFUL
    return replace(group, status=FeatureGroupStatus.CREATED, last_update=update)


def stored(catalog, name="customers"):
    return catalog.groups.get(name)


def test_what_is_not_there_is_created(catalog, apply):
    spec = both_stores(role_arn=None, description="people", tags=(("team", "ops"),))

    apply(spec, group_spec("others"))

    group = stored(catalog)
    assert group.declared_in == "features/customers.yaml"
    assert (group.description, group.tags) == ("people", (("team", "ops"),))
    assert stored(catalog, "others").status is FeatureGroupStatus.CREATED


def test_what_is_there_already_is_left_as_it_is(catalog, apply):
    notes = {"notes": (FeatureNote("clicks", "how often", (("unit", "1"),)),)}
    spec = both_stores(tags=(("team", "ops"),), description="people", online=OnlineStore(ttl=DAYS))
    apply(spec, **notes)
    before = stored(catalog)
    metadata = catalog.describe("customers", "clicks")

    catalog.groups.clock.now += 1_000_000
    apply(spec, **notes)

    assert stored(catalog) == before
    assert catalog.describe("customers", "clicks") == metadata
    assert metadata.metadata.parameters == (("unit", "1"),)


def test_the_definitions_of_an_earlier_deployment_change_nothing(catalog, apply):
    apply(both_stores())
    apply(
        both_stores(
            features=(*FEATURES, AGE),
            online=OnlineStore(StorageType.STANDARD_V2, DAYS),
            description="people",
            tags=(("team", "ops"),),
        ),
        notes=(FeatureNote("age", "years"),),
    )
    before = stored(catalog)

    apply(both_stores())

    assert stored(catalog) == before


def test_a_definition_that_says_more_extends_the_group(catalog, apply):
    apply(both_stores(tags=(("a", "1"),)))

    apply(
        both_stores(
            features=(AGE, *FEATURES),
            online=OnlineStore(StorageType.STANDARD_V2, DAYS),
            tags=(("b", "2"),),
        )
    )

    group = stored(catalog)
    assert group.features == (*FEATURES, AGE)
    assert group.online == OnlineStore(StorageType.STANDARD_V2, DAYS)
    assert group.tags == (("a", "1"), ("b", "2"))


def test_more_than_a_hundred_features_are_added_at_once(catalog, apply):
    apply(both_stores())
    more = tuple(FeatureDefinition(f"f{n}", FeatureType.STRING) for n in range(300))

    apply(both_stores(features=(*FEATURES, *more)))

    assert len(stored(catalog).features) == 305


def test_a_time_to_live_goes_only_where_that_is_said(catalog, apply):
    apply(group_spec(online=OnlineStore(ttl=DAYS)))

    apply(group_spec())
    assert stored(catalog).online.ttl == DAYS
    apply(group_spec(), removes_ttl=True)
    assert stored(catalog).online.ttl is None


def test_a_group_that_the_api_made_is_taken_over(catalog, apply):
    catalog.groups.create(group_spec())

    apply(group_spec())

    assert stored(catalog).declared_in == "features/customers.yaml"


def test_a_group_whose_file_is_gone_is_kept_and_handed_over(catalog, apply):
    apply(group_spec(), group_spec("others"))

    apply(group_spec("others"))

    assert stored(catalog).declared_in is None
    assert stored(catalog).status is FeatureGroupStatus.CREATED
    assert stored(catalog, "others").declared_in == "features/others.yaml"


def test_a_creation_that_failed_is_tried_anew(catalog, apply):
    failed = catalog.groups.create(both_stores(), declared_in="features/customers.yaml")
    failed = replace(failed, status=FeatureGroupStatus.CREATE_FAILED, failure_reason="no table")
    catalog.groups.registry.replace(failed)
    catalog.groups.clock.now += 60_000_000

    apply(both_stores(features=(*FEATURES, AGE)))

    group = stored(catalog)
    assert (group.uid, group.status) == ("uid2", FeatureGroupStatus.CREATED)
    assert group.offline.table == "customers_1700000060"


TEXT = FeatureType.STRING
CATALOG = CatalogSpec("AwsDataCatalog", "larder_dev", "mine")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            both_stores(features=(*FEATURES[:2], FeatureDefinition("clicks", TEXT), *FEATURES[3:])),
            "feature clicks can't change from Integral to String. Name a new feature.",
        ),
        (both_stores(record_identifier_name="city"), "can't change from customer_id to city"),
        (both_stores(event_time_name="city"), "event_time can't change from event_time to city"),
        (group_spec(), "it has an offline store. A store can't be added or removed later"),
        (both_stores(online=None), "it has an online store"),
        (
            both_stores(features=(*FEATURES, FeatureDefinition("AGE", TEXT))),
            "feature AGE differs from age only by letter case",
        ),
        (
            both_stores(online=OnlineStore(StorageType.IN_MEMORY)),
            "storage_type can't change from Standard to InMemory",
        ),
        (
            both_stores(offline=OfflineSpec("s3://lake/elsewhere")),
            "s3_uri can't change from s3://lake/offline to s3://lake/elsewhere",
        ),
        (
            both_stores(offline=OfflineSpec(catalog=CATALOG)),
            "table can't change from customers_1700000000 to mine",
        ),
    ],
)
def test_what_cannot_be_bridged_is_refused_before_anything_moves(catalog, apply, spec, words):
    apply(both_stores(features=(*FEATURES, AGE)))
    before = list(catalog.groups.registry.list())

    with pytest.raises(ValidationError) as caught:
        apply(group_spec("a-new-one"), spec, group_spec("z-new-one"))

    assert "Nothing was changed. features/customers.yaml: feature group customers: " in str(
        caught.value
    )
    assert words in str(caught.value)
    assert list(catalog.groups.registry.list()) == before


def test_what_the_platform_refuses_stops_all_of_it(catalog, apply):
    with pytest.raises(ValidationError, match=r"features/b\.yaml: .*in one of lake"):
        apply(group_spec("a"), both_stores("b", offline=OfflineSpec("s3://elsewhere/x")))
    assert list(catalog.groups.registry.list()) == []


def test_the_quota_stops_all_of_it():
    catalog = control_plane(platform=replace(PLATFORM, max_groups=2))
    catalog.groups.create(group_spec("other"))
    definitions = [Definition("f", group_spec(name)) for name in ("a", "b")]

    with pytest.raises(ResourceLimitExceeded):
        DeclaredGroups(catalog.groups, catalog).apply(definitions)
    assert [group.name for group in catalog.groups.registry.list()] == ["other"]


def test_a_group_that_is_being_deleted_is_waited_for(catalog, apply):
    catalog.groups.create(group_spec())
    catalog.groups.delete("customers")

    with pytest.raises(ValidationError, match="it is Deleting; deploy again when it is no longer"):
        apply(group_spec())


def test_a_group_that_is_being_updated_is_not_changed_again(catalog, apply):
    apply(both_stores())
    catalog.groups.registry.replace(replace(stored(catalog), last_update=UpdateStatus.IN_PROGRESS))

    with pytest.raises(ResourceInUse, match="is being updated"):
        apply(both_stores(features=(*FEATURES, AGE)))


READERS = Grants(read=("arn:aws:iam::123456789012:role/A*", "*"), admin=("*",))


def test_the_grants_are_those_of_the_file_as_it_is_now(catalog, apply):
    apply(group_spec(grants=READERS))
    assert stored(catalog).grants == READERS
    apply(group_spec(grants=Grants(write=("*",))))
    assert stored(catalog).grants == Grants(write=("*",))
    apply(group_spec())
    assert stored(catalog).principals is None


def test_a_group_that_is_handed_over_to_the_api_keeps_its_grants_as_tags(catalog, apply):
    apply(group_spec(grants=READERS, tags=(("team", "ops"),)))
    before = stored(catalog)
    apply()

    group = stored(catalog)
    assert (group.declared_in, group.grants) == (None, Grants())
    assert group.tags == (
        ("team", "ops"),
        ("larder:read:file-1", "arn:aws:iam::123456789012:role/A=2A"),
        ("larder:read:file-2", "=2A"),
        ("larder:admin:file-1", "=2A"),
    )
    assert group.principals.keys() == before.principals.keys()


SQUATTER = f"{ARN}:role/Squatter"
SQUATTED = tuple((f"larder:{right}:mine", SQUATTER) for right in ("read", "write", "admin"))
OWNERS = Grants(admin=(f"{ARN}:role/Owner",))


def rights_of(group, caller=SQUATTER):
    return {right for right, who in (group.principals or {}).items() if who.include(caller)}


def made_by_the_api(catalog):
    """A squatter's group in place of the one that a file will declare."""
    catalog.groups.create(group_spec(tags=(*SQUATTED, ("team", "ops"))))


def failed_to_be_made(catalog):
    made_by_the_api(catalog)
    failed = replace(stored(catalog), status=FeatureGroupStatus.CREATE_FAILED)
    catalog.groups.registry.replace(failed)


def handed_over_and_granted_by_tags(catalog):
    DeclaredGroups(catalog.groups, catalog).apply([Definition("a.yaml", group_spec())])
    DeclaredGroups(catalog.groups, catalog).apply([])
    GroupTags(catalog.groups).add(stored(catalog).arn, SQUATTED)


def deleted_before(catalog):
    made_by_the_api(catalog)
    catalog.groups.registry.remove(stored(catalog))


def granted_by_an_earlier_file(catalog):
    grants = Grants((SQUATTER,), (SQUATTER,), (SQUATTER,))
    definition = Definition("a.yaml", group_spec(grants=grants))
    DeclaredGroups(catalog.groups, catalog).apply([definition])


WAYS = (
    made_by_the_api,
    failed_to_be_made,
    handed_over_and_granted_by_tags,
    deleted_before,
    granted_by_an_earlier_file,
)


@pytest.mark.parametrize("grants", [OWNERS, Grants()], ids=["the file grants", "it grants nothing"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_s7_a_name_that_changes_hands_takes_no_rights_along(catalog, way, grants):
    way(catalog)
    definition = Definition("features/customers.yaml", group_spec(grants=grants))

    DeclaredGroups(catalog.groups, catalog).apply([definition])

    assert rights_of(stored(catalog)) == set()
    assert stored(catalog).grants == grants
    # nor do they come back when the file goes
    DeclaredGroups(catalog.groups, catalog).apply([])
    assert rights_of(stored(catalog)) == set()


def test_s7_what_a_takeover_drops_is_told_and_other_tags_stay(catalog):
    made_by_the_api(catalog)
    declared = DeclaredGroups(catalog.groups, catalog)
    definition = Definition("features/customers.yaml", group_spec(grants=OWNERS))

    (told,) = declared.apply([definition])

    assert told.startswith("features/customers.yaml: feature group customers: it was made through")
    assert f"larder:admin:mine ({SQUATTER})" in told
    assert stored(catalog).tags == (("team", "ops"),)
    assert declared.apply([definition]) == []


def test_s7_a_grant_that_the_api_adds_to_a_declared_group_stays_and_is_told(catalog):
    declared = DeclaredGroups(catalog.groups, catalog)
    definition = Definition("features/customers.yaml", group_spec(grants=OWNERS))
    assert declared.apply([definition]) == []
    GroupTags(catalog.groups).add(stored(catalog).arn, SQUATTED[:1])

    (told,) = declared.apply([definition])

    assert "tags give rights that the file does not: larder:read:mine" in told
    assert rights_of(stored(catalog)) == {"see", "read"}
