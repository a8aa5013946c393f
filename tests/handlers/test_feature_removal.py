"""A feature is taken out of use by a tag, on both planes, and comes back when the tag goes."""

import pytest

from tests.handlers.test_runtime import T1, Door
from tests.handlers.test_runtime_more import entry, write
from tests.support.control import create_request
from tests.support.groups import HOME, feature_group

GROUP = HOME.arn("customers")
REMOVED = [{"Key": "larder:removed:city", "Value": "moved to another group"}]
TAGS = (("larder:removed:city", "moved to another group"),)


def names(client):
    described = client.describe_feature_group(FeatureGroupName="customers")
    return [each["FeatureName"] for each in described["FeatureDefinitions"]]


@pytest.fixture
def group(client, settle):
    client.create_feature_group(**create_request())
    settle()
    return names(client)


def test_a_removed_feature_is_described_no_more_until_its_tag_goes(client, group):
    client.add_tags(ResourceArn=GROUP, Tags=REMOVED)
    assert names(client) == [each for each in group if each != "city"]
    client.delete_tags(ResourceArn=GROUP, TagKeys=["larder:removed:city"])
    assert names(client) == group


@pytest.mark.parametrize("feature", ["nope", "customer_id", "event_time", ""])
def test_only_a_feature_that_may_go_is_removed(client, group, feature):
    with pytest.raises(client.exceptions.ClientError, match=r"larder:removed|record identifier"):
        client.add_tags(ResourceArn=GROUP, Tags=[{"Key": f"larder:removed:{feature}", "Value": ""}])
    assert names(client) == group


def test_a_removed_feature_is_read_and_written_no_more_and_its_value_comes_back():
    door = Door()
    door.put("c1", city="Rome", clicks="1")
    door.groups.by_name["customers"] = feature_group(tags=TAGS)
    assert door.get("c1") == {"customer_id": "c1", "event_time": T1, "clicks": "1"}
    status, body = door.call(
        "GET",
        "/FeatureGroup/customers",
        query="RecordIdentifierValueAsString=c1&FeatureName=city",
    )
    assert (status, body["__type"]) == (400, "ValidationError")
    assert "was removed" in body["message"]
    _, refused = write(door, entry("c2", city="Oslo"), entry("c3"))
    assert [each["Entry"] for each in refused["Errors"]] == [entry("c2", city="Oslo")]
    door.groups.by_name["customers"] = feature_group()
    assert door.get("c1")["city"] == "Rome"
