"""Tags, feature metadata and Search through an unmodified boto3 client, on memory and on moto."""

import pytest
from botocore.exceptions import ClientError

from tests.support.control import START, create_request
from tests.support.groups import HOME

GROUP = HOME.arn("customers")


@pytest.fixture
def group(client, settle):
    client.create_feature_group(**create_request(Tags=[{"Key": "team", "Value": "ops"}]))
    return settle()


def test_tags_are_added_overwritten_and_removed(client, group):
    tags = [{"Key": "team", "Value": "ml"}, {"Key": "é=/+-@:.", "Value": ""}]

    assert client.add_tags(ResourceArn=GROUP, Tags=tags)["Tags"] == tags
    assert client.list_tags(ResourceArn=GROUP, MaxResults=50)["Tags"] == tags
    client.delete_tags(ResourceArn=GROUP, TagKeys=["team", "nothing", "é=/+-@:."])
    assert client.list_tags(ResourceArn=GROUP)["Tags"] == []
    pages = client.get_paginator("list_tags").paginate(ResourceArn=GROUP)
    assert [page["Tags"] for page in pages] == [[]]


def test_tags_are_of_groups_that_are_here(client):
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.list_tags(ResourceArn=HOME.arn("nobody"))
    with pytest.raises(ClientError, match="is not the ARN of a feature group"):
        client.list_tags(ResourceArn="arn:aws:sagemaker:us-east-1:123456789012:model/m")
    with pytest.raises(ClientError, match="serves arn:aws:sagemaker:us-east-1:123456789012"):
        client.add_tags(
            ResourceArn="arn:aws:sagemaker:us-east-1:999999999999:feature-group/customers", Tags=[]
        )


def test_a_group_has_fifty_tags_at_most(client, group):
    tags = [{"Key": f"k{place}", "Value": ""} for place in range(49)]
    client.add_tags(ResourceArn=GROUP, Tags=tags)

    with pytest.raises(client.exceptions.ResourceLimitExceeded, match="would have 51 tags"):
        client.add_tags(ResourceArn=GROUP, Tags=[{"Key": "more", "Value": ""}])
    assert len(client.list_tags(ResourceArn=GROUP)["Tags"]) == 50


def test_what_is_written_about_a_feature_is_described(client, catalog, group):
    feature = {"FeatureGroupName": GROUP, "FeatureName": "clicks"}
    catalog.groups.clock.now += 2_000_000
    client.update_feature_metadata(
        **feature,
        Description="how often",
        ParameterAdditions=[{"Key": "unit", "Value": "1"}, {"Key": "team", "Value": "ops"}],
    )
    client.update_feature_metadata(
        **feature,
        ParameterAdditions=[{"Key": "unit", "Value": "2"}],
        ParameterRemovals=["team", "nothing"],
    )

    described = client.describe_feature_metadata(**feature)

    times = [described.pop(name).timestamp() for name in ("CreationTime", "LastModifiedTime")]
    assert times == [START // 1000 / 1000, START // 1000 / 1000 + 2]
    del described["ResponseMetadata"]
    assert described == {
        "FeatureGroupArn": GROUP,
        "FeatureGroupName": "customers",
        "FeatureName": "clicks",
        "FeatureType": "Integral",
        "Description": "how often",
        "Parameters": [{"Key": "unit", "Value": "2"}],
    }


def test_a_feature_that_was_added_is_as_old_as_its_addition(client, catalog, group):
    catalog.groups.clock.now += 7_000_000
    more = [{"FeatureName": "age", "FeatureType": "Integral"}]
    client.update_feature_group(FeatureGroupName="customers", FeatureAdditions=more)

    def created(feature):
        answer = client.describe_feature_metadata(FeatureGroupName=GROUP, FeatureName=feature)
        return answer["CreationTime"].timestamp()

    assert created("age") - created("city") == pytest.approx(7)


def test_features_that_are_not_there_have_no_metadata(client, group):
    for name, feature in (("customers", "nothing"), ("nobody", "clicks")):
        names = {"FeatureGroupName": name, "FeatureName": feature}
        with pytest.raises(client.exceptions.ResourceNotFound):
            client.describe_feature_metadata(**names)
        with pytest.raises(client.exceptions.ResourceNotFound):
            client.update_feature_metadata(**names, Description="x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ParameterAdditions": [{"Key": "a"}]}, "null at 'parameterAdditions.1.member.value'"),
        ({"ParameterAdditions": [{"Key": "a", "Value": "b"}] * 2}, "given once"),
        (
            {"ParameterAdditions": [{"Key": "a", "Value": "b"}], "ParameterRemovals": ["a"]},
            "not removed in the same request",
        ),
        ({"Description": "a\nb"}, "regular expression pattern"),
    ],
)
def test_metadata_that_make_no_sense_are_refused(client, group, change, words):
    with pytest.raises(ClientError, match=words):
        client.update_feature_metadata(FeatureGroupName=GROUP, FeatureName="clicks", **change)


def test_a_feature_has_25_parameters_at_most(client, group):
    feature = {"FeatureGroupName": GROUP, "FeatureName": "clicks"}
    many = [{"Key": f"k{place}", "Value": "v"} for place in range(25)]
    client.update_feature_metadata(**feature, ParameterAdditions=many)

    with pytest.raises(ClientError, match="would have 26 parameters: 25 are allowed"):
        client.update_feature_metadata(
            **feature, ParameterAdditions=[{"Key": "more", "Value": "v"}]
        )
    assert client.describe_feature_metadata(**feature)["Parameters"] == many


@pytest.fixture
def three(client, catalog):
    """Three groups, a second apart, of which one is tagged and one annotated."""
    for name in ("alpha", "beta", "beta-2"):
        tags = [{"Key": "team", "Value": "ops"}] if name == "beta" else []
        client.create_feature_group(**create_request(name, Tags=tags))
        catalog.groups.clock.now += 1_000_000
    client.update_feature_metadata(
        FeatureGroupName="alpha",
        FeatureName="score",
        Description="how good",
        ParameterAdditions=[{"Key": "unit", "Value": "points"}],
    )
    return client


def found(client, *filters, resource="FeatureGroup", **arguments):
    expression = {"SearchExpression": {"Filters": list(filters)}} if filters else {}
    answer = client.search(Resource=resource, **expression, **arguments)
    names = "FeatureGroupName" if resource == "FeatureGroup" else "FeatureName"
    assert answer["TotalHits"]["Relation"] == "EqualTo"
    return [each[resource][names] for each in answer["Results"]]


def where(name, value=None, operator=None):
    members = {"Name": name, "Operator": operator, "Value": value}
    return {key: each for key, each in members.items() if each is not None}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([], ["beta-2", "beta", "alpha"]),
        ([where("FeatureGroupName", "beta")], ["beta"]),
        ([where("FeatureGroupName", "beta", "NotEquals")], ["beta-2", "alpha"]),
        ([where("FeatureGroupName", "eta", "Contains")], ["beta-2", "beta"]),
        ([where("FeatureGroupName", "alpha, beta", "In")], ["beta", "alpha"]),
        ([where("Tags.team", "ops")], ["beta"]),
        ([where("Tags.team", None, "NotExists")], ["beta-2", "alpha"]),
        ([where("AllTags", "op", "Contains")], ["beta"]),
        ([where("AllTags", "team")], ["beta"]),
        ([where("CreationTime", f"{START // 1000 / 1000 + 1}", "GreaterThan")], ["beta-2"]),
        ([where("CreationTime", "2023-11-14T22:13:21.123Z", "LessThanOrEqualTo")],
         ["beta", "alpha"]),
        ([where("OnlineStoreConfig.EnableOnlineStore", "true")], ["beta-2", "beta", "alpha"]),
        ([where("FeatureGroupName", "beta", "Contains"), where("Tags.team", None, "Exists")],
         ["beta"]),
        ([where("FeatureDefinitions.FeatureName", "nothing")], []),
    ],
)  # fmt: skip
def test_groups_are_found_by_their_properties(three, filters, names):
    assert found(three, *filters) == names


def test_results_are_sorted_and_paged(three):
    arguments = {"Resource": "FeatureGroup", "SortBy": "FeatureGroupName", "SortOrder": "Ascending"}
    pages = list(
        three.get_paginator("search").paginate(**arguments, PaginationConfig={"PageSize": 2})
    )

    names = [[it["FeatureGroup"]["FeatureGroupName"] for it in page["Results"]] for page in pages]
    assert names == [["alpha", "beta"], ["beta-2"]]
    assert pages[0]["TotalHits"] == {"Value": 3, "Relation": "EqualTo"}
    record = pages[0]["Results"][1]["FeatureGroup"]
    assert record["Tags"] == [{"Key": "team", "Value": "ops"}]


def test_features_are_found_by_what_is_written_about_them(three):
    metadata = "FeatureMetadata"

    assert found(three, where("Parameters.unit", "points"), resource=metadata) == ["score"]
    assert found(three, where("AllParameters", "unit"), resource=metadata) == ["score"]
    assert found(three, where("Description", "good", "Contains"), resource=metadata) == ["score"]
    assert found(three, where("FeatureName", "score"), resource=metadata) == ["score"] * 3
    both = [where("FeatureGroupName", "beta"), where("FeatureType", "Integral")]
    assert found(three, *both, resource=metadata) == ["clicks"]


def test_expressions_nest_and_combine(three):
    expression = {
        "Operator": "Or",
        "Filters": [where("FeatureGroupName", "alpha")],
        "SubExpressions": [
            {"Filters": [where("FeatureGroupName", "beta", "Contains"), where("Tags.team", "ops")]}
        ],
        "NestedFilters": [
            {
                "NestedPropertyName": "FeatureDefinitions",
                "Filters": [
                    where("FeatureDefinitions.FeatureName", "clicks"),
                    where("FeatureDefinitions.FeatureType", "String"),
                ],
            }
        ],
    }

    answer = three.search(Resource="FeatureGroup", SearchExpression=expression)

    names = {each["FeatureGroup"]["FeatureGroupName"] for each in answer["Results"]}
    assert names == {"alpha", "beta"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"Resource": "Experiment"}, "searches FeatureGroup and FeatureMetadata"),
        ({"SortBy": "Size"}, "Property 'Size' can't be searched for"),
        ({"CrossAccountFilterOption": "CrossAccount"}, "other accounts"),
        ({"VisibilityConditions": [{"Key": "a", "Value": "b"}]}, "not served"),
        ({"SearchExpression": {"Filters": [where("Tags.", "a")]}}, "can't be searched for"),
        ({"SearchExpression": {"Filters": [where("Description")]}}, "Equals needs a Value"),
        ({"SearchExpression": {"Filters": [where("Description", "a", "Exists")]}}, "takes no Val"),
        ({"SearchExpression": {"Filters": [where("Description", "a", "LessThan")]}}, "times only"),
        ({"SearchExpression": {"Filters": [where("CreationTime", "a")]}}, "'a' is not a time"),
        ({"SearchExpression": {"Filters": [where("CreationTime", "5", "Contains")]}}, "use one of"),
        (
            {
                "SearchExpression": {
                    "SubExpressions": [{"Filters": [where("RoleArn", "a")] * 17}] * 3
                }
            },
            "more than 50 filters",
        ),
        (
            {
                "SearchExpression": {
                    "NestedFilters": [
                        {"NestedPropertyName": "Tags", "Filters": [where("RoleArn", "a")]}
                    ]
                }
            },
            "is not a list of a FeatureGroup",
        ),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(client, arguments, words):
    with pytest.raises(ClientError, match=words) as caught:
        client.search(**{"Resource": "FeatureGroup"} | arguments)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
