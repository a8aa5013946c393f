"""The control plane asks whether its caller may, and shows no caller what it may not see."""

import json
from dataclasses import replace

import pytest

from lambdas.control.routes import create_handler
from larder.access.grants import Grants
from larder.access.rules import AccessRules
from tests.support.control import control_plane, create_request, group_spec
from tests.support.events import http_event
from tests.support.groups import HOME

ACCOUNT = "arn:aws:iam::123456789012"
GRANTS = Grants(*((f"{ACCOUNT}:role/{name}",) for name in ("Reader", "Writer", "Owner")))
ARN = HOME.arn("guarded")
NAME = {"FeatureGroupName": "guarded"}
FEATURE = {**NAME, "FeatureName": "clicks"}
SEES = {
    "DescribeFeatureGroup": NAME,
    "DescribeFeatureMetadata": FEATURE,
    "ListTags": {"ResourceArn": ARN},
}
CHANGES = {
    "UpdateFeatureGroup": {
        **NAME,
        "FeatureAdditions": [{"FeatureName": "more", "FeatureType": "String"}],
    },
    "UpdateFeatureMetadata": {**FEATURE, "Description": "x"},
    "AddTags": {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": "b"}]},
    "DeleteTags": {"ResourceArn": ARN, "TagKeys": ["a"]},
    "DeleteFeatureGroup": NAME,
}


class Plane:
    """A control plane with a group that has grants and one that has none."""

    def __init__(self, *, deny=False, administrators=(), creators=()):
        self.catalog = control_plane()
        self.catalog.groups.create(group_spec("guarded", grants=GRANTS))
        self.catalog.groups.create(group_spec("open"))
        rules = AccessRules(HOME, tuple(administrators), deny, tuple(creators))
        self.handler = create_handler(self.catalog, rules)

    def as_role(self, role, operation, members):
        return self.as_caller(f"role/{role}", operation, members)

    def as_caller(self, caller, operation, members):
        headers = {"x-amz-target": f"SageMaker.{operation}"}
        event = http_event("POST", "/", body=members, headers=headers, caller=caller)
        answer = self.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"] or "{}")

    def allowed(self, role, operations):
        return {name for name in operations if self.as_role(role, name, operations[name])[0] == 200}

    def names_shown_to(self, role):
        listed = self.as_role(role, "ListFeatureGroups", {})[1]["FeatureGroupSummaries"]
        query = {"Resource": "FeatureGroup"}
        found = self.as_role(role, "Search", query)[1]
        metadata = self.as_role(role, "Search", {"Resource": "FeatureMetadata"})[1]["Results"]
        shown = {each["FeatureGroupName"] for each in listed}
        assert shown == {each["FeatureGroup"]["FeatureGroupName"] for each in found["Results"]}
        assert shown == {each["FeatureMetadata"]["FeatureGroupName"] for each in metadata}
        assert found["TotalHits"]["Value"] == len(shown)
        return shown


@pytest.fixture
def plane():
    return Plane()


@pytest.mark.parametrize("role", ["Reader", "Writer", "Owner"])
def test_whoever_has_any_right_sees_the_group(plane, role):
    assert plane.allowed(role, SEES) == set(SEES)
    assert plane.names_shown_to(role) == {"guarded", "open"}


@pytest.mark.parametrize("role", ["Reader", "Writer", "Stranger"])
def test_only_an_administrator_changes_a_group(plane, role):
    before = list(plane.catalog.groups.registry.list())
    assert plane.allowed(role, CHANGES) == set()
    assert list(plane.catalog.groups.registry.list()) == before
    assert plane.allowed("Owner", CHANGES) == set(CHANGES)


def test_a_stranger_is_shown_nothing_of_the_group(plane):
    assert plane.allowed("Stranger", SEES) == set()
    assert plane.names_shown_to("Stranger") == {"open"}


def test_a_refusal_is_typed_and_says_what_to_do(plane):
    status, body = plane.as_role("Stranger", "DescribeFeatureGroup", NAME)
    assert (status, body["__type"]) == (403, "AccessDeniedException")
    assert "no rights on a FeatureGroup with name guarded, if there is one" in body["message"]
    assert (
        "lacks the admin right on FeatureGroup guarded"
        in (plane.as_role("Reader", "DeleteFeatureGroup", NAME)[1]["message"])
    )


@pytest.mark.parametrize("operation", [*SEES, *CHANGES])
def test_where_missing_grants_deny_nobody_learns_which_groups_there_are(operation):
    plane = Plane(deny=True)
    request = json.dumps((SEES | CHANGES)[operation])
    told = set()
    for name in ("guarded", "open", "nowhere"):
        members = json.loads(request.replace("guarded", name))
        status, body = plane.as_role("Stranger", operation, members)
        assert status == 403
        told.add(json.dumps(body).replace(name, "?"))
    assert len(told) == 1
    assert plane.names_shown_to("Stranger") == set()


def test_where_missing_grants_deny_administrators_of_the_platform_still_may():
    plane = Plane(deny=True, administrators=[f"{ACCOUNT}:role/Platform"])
    for caller in ("root", "role/Platform"):
        assert (
            plane.as_caller(caller, "DescribeFeatureGroup", {"FeatureGroupName": "open"})[0] == 200
        )
        status, body = plane.as_caller(caller, "DescribeFeatureGroup", {"FeatureGroupName": "nil"})
        assert (status, body["__type"]) == (400, "ResourceNotFound")


def grant(right, role, label="1"):
    return {"Key": f"larder:{right}:{label}", "Value": f"{ACCOUNT}:role/{role}"}


def test_grants_are_given_and_taken_back_by_tags(plane):
    tags = [grant("admin", "Owner"), grant("read", "Reader")]
    members = create_request("tagged", Tags=tags)
    assert plane.as_role("Owner", "CreateFeatureGroup", members)[0] == 200
    arn = HOME.arn("tagged")
    assert plane.names_shown_to("Reader") >= {"tagged"}
    assert plane.names_shown_to("Stranger") == {"open"}

    extra = {"ResourceArn": arn, "Tags": [grant("read", "Stranger", "2")]}
    assert plane.as_role("Reader", "AddTags", extra)[0] == 403
    assert plane.as_role("Owner", "AddTags", extra)[0] == 200
    assert plane.names_shown_to("Stranger") == {"open", "tagged"}

    removed = {"ResourceArn": arn, "TagKeys": ["larder:read:2"]}
    assert plane.as_role("Owner", "DeleteTags", removed)[0] == 200
    assert plane.names_shown_to("Stranger") == {"open"}
    assert plane.as_role("Owner", "ListTags", {"ResourceArn": arn})[1]["Tags"] == tags


def test_nobody_locks_himself_out(plane):
    arn = HOME.arn("open")
    closing = {"ResourceArn": arn, "Tags": [grant("read", "Reader")]}
    status, body = plane.as_role("Owner", "AddTags", closing)
    assert (status, body["__type"]) == (400, "ValidationException")
    assert "grant it to yourself in the same request, by a tag larder:admin:" in body["message"]
    assert plane.names_shown_to("Stranger") == {"open"}

    closing["Tags"].append(grant("admin", "Owner"))
    assert plane.as_role("Owner", "AddTags", closing)[0] == 200
    opening = {"ResourceArn": arn, "TagKeys": ["larder:admin:1"]}
    assert plane.as_role("Owner", "DeleteTags", opening)[0] == 400
    assert plane.as_caller("root", "DeleteTags", opening)[0] == 200


def test_a_group_that_its_maker_could_not_administer_is_not_made():
    plane = Plane(deny=True, creators=["*"])
    bare, granted = create_request("mine"), create_request("mine", Tags=[grant("admin", "Owner")])
    assert plane.as_role("Owner", "CreateFeatureGroup", bare)[0] == 400
    assert plane.as_role("Reader", "CreateFeatureGroup", granted)[0] == 400
    assert plane.as_role("Owner", "CreateFeatureGroup", granted)[0] == 200
    assert plane.names_shown_to("Owner") == {"guarded", "mine"}


def made_by(caller, plane):
    """The status of a CreateFeatureGroup whose maker could administer the group."""
    own = {"Key": "larder:admin:own", "Value": f"{ACCOUNT}:{caller}"}
    members = create_request("made", Tags=[own])
    status, body = plane.as_caller(caller, "CreateFeatureGroup", members)
    exists = plane.catalog.groups.registry.get("made") is not None
    assert exists is (status == 200)
    if status != 200:
        assert (status, body["__type"]) == (403, "AccessDeniedException")
    return exists


CALLERS = ("root", "role/Platform", "role/Creator", "role/Stranger")


@pytest.mark.parametrize(
    ("deny", "creators", "may"),
    [
        (False, (), set(CALLERS)),
        (True, (), {"root", "role/Platform"}),
        (False, ("Creator",), {"root", "role/Platform", "role/Creator"}),
        (True, ("Creator",), {"root", "role/Platform", "role/Creator"}),
        (True, ("*",), set(CALLERS)),
    ],
)
def test_s8_a_group_is_created_by_those_whom_the_stage_names(deny, creators, may):
    patterns = [each if each == "*" else f"{ACCOUNT}:role/{each}" for each in creators]
    platform = [f"{ACCOUNT}:role/Platform"]
    assert may == {
        caller
        for caller in CALLERS
        if made_by(caller, Plane(deny=deny, administrators=platform, creators=patterns))
    }


def test_a_session_of_a_role_that_may_create_may_create():
    plane = Plane(creators=[f"{ACCOUNT}:role/Creator"])
    headers = {"x-amz-target": "SageMaker.CreateFeatureGroup"}
    event = http_event(
        "POST", "/", body=create_request("made"), headers=headers, caller="role/Creator"
    )
    session = "arn:aws:sts::123456789012:assumed-role/Creator/nightly"
    event["requestContext"]["authorizer"]["iam"]["userArn"] = session
    assert plane.handler(event, None)["statusCode"] == 200


def test_who_may_not_create_learns_nothing_else_by_trying():
    plane = Plane(creators=[f"{ACCOUNT}:role/Creator"])
    told = set()
    for name in ("guarded", "nowhere"):
        members = create_request(name)
        status, body = plane.as_role("Stranger", "CreateFeatureGroup", members)
        assert (status, body["__type"]) == (403, "AccessDeniedException")
        told.add(body["message"].replace(name, "?"))
    (message,) = told
    assert "role/Stranger may not create feature groups" in message
    assert "access.creators" in message


def test_a_right_to_create_is_none_on_what_others_made():
    plane = Plane(deny=True, creators=[f"{ACCOUNT}:role/Creator"])
    assert plane.allowed("Creator", SEES | CHANGES) == set()


def test_a_malformed_grant_is_refused_by_its_place(plane):
    tags = [{"Key": "team", "Value": "x"}, {"Key": "larder:read:1", "Value": "everybody"}]
    _, body = plane.as_role("Owner", "CreateFeatureGroup", create_request("new", Tags=tags))
    assert body["__type"] == "ValidationException"
    assert "Value 'everybody' at 'tags.2.member.value'" in body["message"]


def test_hidden_groups_count_towards_the_quota_and_keep_their_names():
    plane = Plane()
    members = create_request("guarded")
    assert plane.as_role("Stranger", "CreateFeatureGroup", members)[1]["__type"] == "ResourceInUse"
    groups = plane.catalog.groups
    small = replace(groups, platform=replace(groups.platform, max_groups=2))
    plane.handler = create_handler(replace(plane.catalog, groups=small))
    members = create_request("third")
    refused = plane.as_role("Stranger", "CreateFeatureGroup", members)[1]
    assert refused["__type"] == "ResourceLimitExceeded"
