"""UpdateFeatureGroup."""

from tests.conformance.refusals import code, is_refused
from tests.conformance.store import AT, ID, T0
from tests.conformance.waiting import eventually

HOUR = {"Unit": "Hours", "Value": 1}
LATER = "2999-01-01T00:00:00Z"


def test_row_037_added_features_are_described_written_and_in_the_table(store, offline):
    name = store.create("grows", offline=True)
    store.put(name, "old", T0, {"city": "Ulm"})
    more = [{"FeatureName": f"extra{n}", "FeatureType": "Integral"} for n in range(100)]
    store.sm.update_feature_group(FeatureGroupName=name, FeatureAdditions=more)
    group = store.wait_updated(name)
    assert (group["FeatureGroupStatus"], len(group["FeatureDefinitions"])) == ("Created", 105)

    def accepted():
        try:
            return store.put(name, "new", T0, {"extra99": "7"})
        except store.rt.exceptions.ValidationError:
            return None

    eventually(accepted, seconds=store.target.settings_seconds)
    assert store.get(name, "old") == {ID: "old", AT: T0, "city": "Ulm"}
    assert store.get(name, "new") == {ID: "new", AT: T0, "extra99": "7"}
    assert offline.columns(name)["extra99"] == "bigint"
    assert offline.eventually(name, "new", 1)[0]["extra99"] == "7"
    assert offline.eventually(name, "old", 1)[0]["city"] == "Ulm"


def test_row_037_more_than_100_features_at_once_are_refused(store, online_group):
    more = [{"FeatureName": f"extra{n}", "FeatureType": "Integral"} for n in range(101)]
    asked = {"FeatureGroupName": online_group, "FeatureAdditions": more}
    assert code(store.sm.update_feature_group, **asked) == "ValidationException"


def test_row_038_one_call_makes_one_kind_of_change(store, online_group):
    asked = {
        "FeatureAdditions": [{"FeatureName": "more", "FeatureType": "String"}],
        "OnlineStoreConfig": {"TtlDuration": HOUR},
    }
    refused = code(store.sm.update_feature_group, FeatureGroupName=online_group, **asked)
    assert refused == "ValidationException"


def test_row_039_a_feature_is_added_once(store, online_group):
    again = [{"FeatureName": "city", "FeatureType": "String"}]
    asked = {"FeatureGroupName": online_group, "FeatureAdditions": again}
    assert code(store.sm.update_feature_group, **asked) == "ValidationException"


def expires(store, name, identifier):
    return store.answer(name, identifier, ExpirationTimeResponse="Enabled").get("ExpiresAt")


def eventually_written(store, name, *, expiring):
    """Put records until one is stored under the group's new settings; its identifier."""

    def written():
        identifier = store.name("ttl")
        store.put(name, identifier, LATER)
        return (expires(store, name, identifier) is not None) is expiring and identifier

    return eventually(written, seconds=store.target.settings_seconds)


def test_row_040_a_groups_ttl_is_for_later_writes(store):
    name = store.create("ttl")
    store.put(name, "before", LATER)
    store.sm.update_feature_group(FeatureGroupName=name, OnlineStoreConfig={"TtlDuration": HOUR})
    assert store.wait_updated(name)["OnlineStoreConfig"]["TtlDuration"] == HOUR
    after = eventually_written(store, name, expiring=True)
    assert expires(store, name, after) == "2999-01-01T01:00:00Z"
    assert expires(store, name, "before") is None


def test_row_041_an_empty_ttl_removes_it(store):
    name = store.create("ttl-gone", online={"TtlDuration": HOUR})
    store.put(name, "before", LATER)
    store.sm.update_feature_group(FeatureGroupName=name, OnlineStoreConfig={"TtlDuration": {}})
    assert "TtlDuration" not in store.wait_updated(name)["OnlineStoreConfig"]
    eventually_written(store, name, expiring=False)
    assert expires(store, name, "before") == "2999-01-01T01:00:00Z"


def test_row_042_a_standard_group_moves_to_v2_with_its_data_and_not_back(store):
    name = store.create("moves")
    store.put(name, "1", T0, {"city": "Ulm"})
    change = {"FeatureGroupName": name, "OnlineStoreConfig": {"StorageType": "Standard_V2"}}
    store.sm.update_feature_group(**change)
    assert store.wait_updated(name)["OnlineStoreConfig"]["StorageType"] == "Standard_V2"

    def updated():
        try:
            return store.update(name, "1", {"clicks": "1"})
        except store.rt.exceptions.ValidationError:
            return None

    eventually(updated, seconds=store.target.settings_seconds)
    assert store.get(name, "1") == {ID: "1", AT: T0, "city": "Ulm", "clicks": "1"}
    change["OnlineStoreConfig"] = {"StorageType": "Standard"}
    assert code(store.sm.update_feature_group, **change) == "ValidationException"


def test_row_044_a_feature_is_removed_by_a_tag_and_comes_back_with_its_values(store):
    name = store.create("shrinks")
    store.put(name, "1", T0, {"city": "Ulm", "clicks": "3"})
    arn = store.sm.describe_feature_group(FeatureGroupName=name)["FeatureGroupArn"]

    def described():
        group = store.sm.describe_feature_group(FeatureGroupName=name)
        return {each["FeatureName"] for each in group["FeatureDefinitions"]}

    def read():
        return store.get(name, "1")

    whole, seconds = described(), store.target.settings_seconds
    store.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "larder:removed:city", "Value": "unused"}])
    assert described() == whole - {"city"}
    eventually(lambda: read() == {ID: "1", AT: T0, "clicks": "3"}, seconds=seconds)
    # another environment of the function may know the group as it was, for so long
    eventually(lambda: is_refused(store, name, {ID: "2", AT: T0, "city": "Oslo"}), seconds=seconds)
    store.sm.delete_tags(ResourceArn=arn, TagKeys=["larder:removed:city"])
    assert described() == whole
    eventually(lambda: read().get("city") == "Ulm", seconds=seconds)
