"""What is written about groups and features: metadata, search, tags."""

import pytest

from tests.conformance.refusals import code
from tests.conformance.store import FEATURES


@pytest.fixture(scope="module")
def described(store):
    """A group whose features no one else describes."""
    return store.create("described")


def metadata(store, group, feature):
    return store.sm.describe_feature_metadata(FeatureGroupName=group, FeatureName=feature)


def test_row_048_descriptions_and_parameters_are_kept_and_removed(store, described):
    about = {"FeatureGroupName": described, "FeatureName": "city"}
    pairs = [{"Key": "team", "Value": "growth"}, {"Key": "pii", "Value": "no"}]
    store.sm.update_feature_metadata(**about, Description="where", ParameterAdditions=pairs)
    found = metadata(store, described, "city")
    assert (found["Description"], found["Parameters"], found["FeatureType"]) == (
        "where",
        pairs,
        "String",
    )
    change = {
        "ParameterAdditions": [{"Key": "team", "Value": "core"}],
        "ParameterRemovals": ["pii"],
    }
    store.sm.update_feature_metadata(**about, **change)
    found = metadata(store, described, "city")
    assert found["Parameters"] == [{"Key": "team", "Value": "core"}]
    assert found["Description"] == "where"
    assert found["LastModifiedTime"] >= found["CreationTime"]


def test_row_049_an_unknown_feature_is_not_found(store, described):
    for group, feature in ((described, "nothing"), ("no-such-group", "city")):
        with pytest.raises(store.sm.exceptions.ResourceNotFound):
            metadata(store, group, feature)


@pytest.fixture(scope="module")
def three(store):
    """Three groups with tags and described features, and the part of a name they share."""
    word = store.name("sought")
    for letter, team in (("a", "core"), ("b", "growth"), ("c", "growth")):
        tags = [{"Key": "team", "Value": team}]
        name = store.create(name=f"{word}-{letter}", Tags=tags)
        store.sm.update_feature_metadata(
            FeatureGroupName=name,
            FeatureName="score",
            Description=f"score {letter}",
            ParameterAdditions=[{"Key": "owner", "Value": f"{word}-{team}"}],
        )
    return word


def condition(name, operator, value):
    return {"Name": name, "Operator": operator, "Value": value}


def search(store, resource, *filters, **more):
    expression = {"Filters": list(filters)} | more.pop("expression", {})
    return store.sm.search(Resource=resource, SearchExpression=expression, **more)


def groups(answer):
    return sorted(each["FeatureGroup"]["FeatureGroupName"][-1] for each in answer["Results"])


def of_features(answer):
    found = [each["FeatureMetadata"] for each in answer["Results"]]
    return sorted((each["FeatureGroupName"][-1], each["FeatureName"]) for each in found)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], "abc"),
        ([("FeatureGroupName", "Equals", "{}-b")], "b"),
        ([("Tags.team", "Equals", "growth")], "bc"),
        ([("Tags.team", "NotEquals", "growth")], "a"),
        ([("AllTags", "Contains", "core")], "a"),
    ],
)
def test_row_050_groups_are_found_by_name_and_tags(store, three, filters, found):
    every = [condition("FeatureGroupName", "Contains", three)]
    every += [condition(name, operator, value.format(three)) for name, operator, value in filters]
    assert "".join(groups(search(store, "FeatureGroup", *every))) == found


def test_row_050_results_are_sorted_counted_and_paged(store, three):
    every = condition("FeatureGroupName", "Contains", three)
    order = {"SortBy": "FeatureGroupName", "SortOrder": "Descending", "MaxResults": 2}
    first = search(store, "FeatureGroup", every, **order)
    assert first["TotalHits"] == {"Value": 3, "Relation": "EqualTo"}
    second = search(store, "FeatureGroup", every, **order, NextToken=first["NextToken"])
    names = [
        each["FeatureGroup"]["FeatureGroupName"][-1]
        for each in first["Results"] + second["Results"]
    ]
    assert "".join(names) == "cba"
    pages = store.sm.get_paginator("search").paginate(
        Resource="FeatureGroup", SearchExpression={"Filters": [every]}, MaxResults=1
    )
    assert sum(len(page["Results"]) for page in pages) == 3


def test_row_051_features_are_found_by_name_group_and_parameters(store, three):
    every = condition("FeatureGroupName", "Contains", three)
    scores = [(letter, "score") for letter in "abc"]
    found = search(store, "FeatureMetadata", every, condition("FeatureName", "Equals", "score"))
    assert of_features(found) == scores
    owner = condition("Parameters.owner", "Equals", f"{three}-growth")
    assert of_features(search(store, "FeatureMetadata", owner)) == scores[1:]
    anything = condition("AllParameters", "Contains", f"{three}-core")
    assert of_features(search(store, "FeatureMetadata", anything)) == scores[:1]
    found = search(store, "FeatureMetadata", condition("FeatureGroupName", "Equals", f"{three}-a"))
    assert of_features(found) == sorted(("a", name) for name in FEATURES)


def test_row_051_conditions_combine_by_or_and_nest(store, three):
    either = [condition("FeatureGroupName", "Equals", f"{three}-{letter}") for letter in "ab"]
    wanted = condition("FeatureName", "Equals", "score")
    nested = {"SubExpressions": [{"Filters": either, "Operator": "Or"}], "Operator": "And"}
    found = search(store, "FeatureMetadata", wanted, expression=nested)
    assert of_features(found) == [("a", "score"), ("b", "score")]


def test_row_052_tags_are_added_overwritten_paged_and_deleted(store):
    name = store.create("labels")
    arn = store.sm.describe_feature_group(FeatureGroupName=name)["FeatureGroupArn"]
    assert store.sm.list_tags(ResourceArn=arn)["Tags"] == []
    many = [{"Key": f"k{number}", "Value": "1"} for number in range(50)]
    store.sm.add_tags(ResourceArn=arn, Tags=many)
    store.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "k0", "Value": "2"}])
    pages = store.sm.get_paginator("list_tags").paginate(ResourceArn=arn)
    found = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    assert (len(found), found["k0"], found["k1"]) == (50, "2", "1")
    one_more = [{"Key": "one-more", "Value": "1"}]
    assert code(store.sm.add_tags, ResourceArn=arn, Tags=one_more)
    store.sm.delete_tags(ResourceArn=arn, TagKeys=[tag["Key"] for tag in many[1:]])
    assert store.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "k0", "Value": "2"}]
