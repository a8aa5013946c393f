"""What can become of a feature group that is there, and what can't."""

from dataclasses import replace

import pytest

from larder.errors import ResourceInUse, ValidationError
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
    OnlineStore,
    StorageType,
    TtlDuration,
    UpdateStatus,
)
from larder.groups.spec import OnlineChange
from larder.groups.update import GroupUpdates
from tests.support.control import WORDS, both_stores, control_plane, group_spec
from tests.support.groups import FEATURES

TEXT, WHOLE = FeatureType.STRING, FeatureType.INTEGRAL


def test_features_are_appended_and_the_offline_table_is_awaited():
    groups = control_plane().groups
    created = groups.create(both_stores())
    ready = groups.registry.replace(_created(created))
    groups.clock.now += 5_000_000

    changed = GroupUpdates(groups).add_features("customers", (FeatureDefinition("age", WHOLE),))

    assert changed.features == (*FEATURES, FeatureDefinition("age", WHOLE))
    assert changed.last_update is UpdateStatus.IN_PROGRESS
    assert changed.growth == ((5, groups.clock.now),)
    assert changed.last_modified_time == groups.clock.now > ready.last_modified_time


def test_without_an_offline_table_features_are_there_at_once():
    groups = control_plane().groups
    groups.create(group_spec())

    changed = GroupUpdates(groups).add_features("customers", (FeatureDefinition("age", WHOLE),))

    assert changed.last_update is UpdateStatus.SUCCESSFUL


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (FeatureDefinition("city", TEXT), "'city' at 'featureAdditions.1.member.featureName'"),
        (FeatureDefinition("CITY", TEXT), "by more than letter case"),
        (FeatureDefinition("is_deleted", TEXT), "must not be one of"),
        (WORDS, "'featureAdditions.1.member.collectionType'"),
        (FeatureDefinition("event_time_trunc", TEXT), "partition"),
    ],
)
def test_features_that_do_not_fit_are_not_added(feature, words):
    groups = control_plane().groups
    created = groups.create(both_stores())
    groups.registry.replace(_created(created))

    with pytest.raises(ValidationError, match=words):
        GroupUpdates(groups).add_features("customers", (feature,))
    assert groups.get("customers").features == FEATURES


def test_a_group_that_is_busy_is_not_updated():
    groups = control_plane().groups
    created = groups.create(both_stores())
    updates = GroupUpdates(groups)
    more = (FeatureDefinition("age", WHOLE),)

    with pytest.raises(ResourceInUse, match="status Creating"):
        updates.add_features("customers", more)
    groups.registry.replace(_created(created))
    updates.add_features("customers", more)
    with pytest.raises(ResourceInUse, match="LastUpdateStatus InProgress"):
        updates.change_online_store("customers", OnlineChange(True, None))


def test_a_time_to_live_is_set_changed_and_removed():
    groups = control_plane().groups
    groups.create(group_spec())
    updates = GroupUpdates(groups)

    def ttl_after(change):
        return updates.change_online_store("customers", change).online.ttl

    assert ttl_after(OnlineChange(True, TtlDuration("Days", 1))) == TtlDuration("Days", 1)
    assert ttl_after(OnlineChange(storage_type=StorageType.STANDARD)) == TtlDuration("Days", 1)
    assert ttl_after(OnlineChange(True, None)) is None
    assert groups.get("customers").last_update is UpdateStatus.SUCCESSFUL


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("Standard", "Standard_V2", True),
        ("Standard", "Standard", True),
        ("Standard_V2", "Standard", False),
        ("Standard", "InMemory", False),
        ("InMemory", "Standard_V2", False),
    ],
)
def test_the_storage_type_moves_one_way(old, new, allowed):
    groups = control_plane().groups
    groups.create(group_spec(online=OnlineStore(StorageType(old))))
    change = OnlineChange(storage_type=StorageType(new))

    if allowed:
        changed = GroupUpdates(groups).change_online_store("customers", change)
        assert changed.online.storage_type == new
    else:
        with pytest.raises(ValidationError, match=f"can't change from {old} to {new}"):
            GroupUpdates(groups).change_online_store("customers", change)


def test_there_is_no_online_store_to_change_where_there_is_none():
    groups = control_plane().groups
    groups.registry.replace(_created(groups.create(both_stores(online=None))))

    with pytest.raises(ValidationError, match="has no online store"):
        GroupUpdates(groups).change_online_store(
            "customers", OnlineChange(True, TtlDuration("Days", 1))
        )


def test_throughput_switches_and_keeps_what_is_left_out():
    groups = control_plane().groups
    groups.create(group_spec())
    updates = GroupUpdates(groups)
    units = {"ProvisionedReadCapacityUnits": 5, "ProvisionedWriteCapacityUnits": 6}

    with pytest.raises(ValidationError, match="must not be null"):
        updates.change_throughput("customers", {"ThroughputMode": "Provisioned"})
    updates.change_throughput("customers", {"ThroughputMode": "Provisioned", **units})
    more = updates.change_throughput("customers", {"ProvisionedReadCapacityUnits": 7})
    assert more.throughput == {
        "ThroughputMode": "Provisioned",
        "ProvisionedReadCapacityUnits": 7,
        "ProvisionedWriteCapacityUnits": 6,
    }
    back = updates.change_throughput("customers", {"ThroughputMode": "OnDemand"})
    assert back.throughput == {"ThroughputMode": "OnDemand"}


def test_a_declared_group_is_left_to_its_file():
    groups = control_plane().groups
    groups.create(group_spec(), declared_in="features/customers.yaml")

    with pytest.raises(ValidationError, match=r"features/customers\.yaml and can't be deleted"):
        groups.delete("customers")
    with pytest.raises(ValidationError, match="can't be changed through the API"):
        GroupUpdates(groups).change_online_store("customers", OnlineChange(True, None))


def test_a_change_is_made_anew_where_somebody_was_faster():
    catalog = control_plane()
    groups = catalog.groups
    groups.create(group_spec())
    updates = GroupUpdates(groups)
    rival = [FeatureDefinition("theirs", TEXT)]

    class Racing:
        """A registry in which somebody else is faster, once."""

        def __getattr__(self, name):
            return getattr(groups.registry, name)

        def replace(self, group):
            if rival:
                updates.add_features("customers", (rival.pop(),))
            return groups.registry.replace(group)

    racing = GroupUpdates(type(groups)(Racing(), groups.platform, groups.clock, groups.new_uid))
    changed = racing.add_features("customers", (FeatureDefinition("ours", TEXT),))

    assert [each.name for each in changed.features[-2:]] == ["theirs", "ours"]


def _created(group):
    return replace(group, status=FeatureGroupStatus.CREATED)
