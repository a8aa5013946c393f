"""The data plane asks, for every group that a request names, whether its caller may."""

import json
from copy import deepcopy

import pytest

from larder.access.grants import Grants
from larder.access.rules import AccessRules
from larder.groups.feature_group import FeatureGroupStatus, OnlineStore, StorageType
from tests.handlers.test_runtime import T1, Door
from tests.handlers.test_runtime_more import entry, values
from tests.support.events import http_event
from tests.support.groups import HOME, feature_group

V2 = OnlineStore(StorageType.STANDARD_V2)
READER, WRITER, OWNER = (f"role/{name}" for name in ("Reader", "Writer", "Owner"))
GRANTS = Grants(*((f"arn:aws:iam::123456789012:{name}",) for name in (READER, WRITER, OWNER)))
GUARDED = feature_group("guarded", grants=GRANTS, online=V2)
ID = "RecordIdentifierValueAsString=c1"
OPERATIONS = {
    "PutRecord": ("PUT", "", "", {"Record": values(customer_id="c1", event_time=T1)}),
    "GetRecord": ("GET", "", ID, None),
    "DeleteRecord": ("DELETE", "", f"{ID}&EventTime={T1}", None),
    "UpdateRecord": (
        "POST",
        "/Record",
        "",
        {"RecordIdentifierValueAsString": "c1", "Features": values(city="x")},
    ),
    "ListRecords": ("POST", "/ListRecords", "", {}),
}
READS, WRITES = {"GetRecord", "ListRecords"}, {"PutRecord", "DeleteRecord", "UpdateRecord"}


class GuardedDoor(Door):
    """The endpoint to a group with grants, one without, and whatever else; callers by their role."""

    def __init__(self, *more, deny=False, administrators=()):
        rules = AccessRules(HOME, tuple(administrators), missing_grants_deny=deny)
        super().__init__(GUARDED, feature_group("open", online=V2), *more, rules=rules)
        self.as_role("Owner", "PutRecord")

    def as_role(self, role, operation, group="guarded"):
        method, path, query, body = OPERATIONS[operation]
        event = http_event(method, f"/FeatureGroup/{group}{path}", query=query, body=body)
        return self.send(event, f"arn:aws:sts::123456789012:assumed-role/{role}/session")

    def send(self, event, caller):
        event["requestContext"]["authorizer"] = {"iam": {"userArn": caller}}
        answer = self.handler(event, None)
        return answer["statusCode"], json.loads(answer["body"] or "{}")

    def batch(self, role, path, body):
        caller = f"arn:aws:sts::123456789012:assumed-role/{role}/session"
        return self.send(http_event("POST", path, body=body), caller)


@pytest.fixture
def door():
    return GuardedDoor()


def allowed(door, role, group="guarded"):
    return {name for name in OPERATIONS if door.as_role(role, name, group)[0] == 200}


def test_each_right_opens_its_own_operations(door):
    assert allowed(door, "Reader") == READS
    assert allowed(door, "Writer") == WRITES
    assert allowed(door, "Owner") == READS | WRITES
    assert allowed(door, "Stranger") == set()


def test_a_group_without_grants_is_open_to_whom_iam_lets_through(door):
    door.as_role("Stranger", "PutRecord", "open")
    assert allowed(door, "Stranger", "open") == READS | WRITES


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_refusal_is_a_403_that_is_typed_and_says_what_to_do(door, operation):
    status, body = door.as_role("Stranger", operation)
    assert (status, body["__type"]) == (403, "AccessForbidden")
    assert body["message"] == (
        "arn:aws:sts::123456789012:assumed-role/Stranger/session has no rights on a FeatureGroup "
        "with name guarded, if there is one: check the name, or ask an administrator for a grant."
    )


def test_who_has_another_right_is_told_which_one_lacks(door):
    assert door.as_role("Reader", "PutRecord")[1]["message"] == (
        "arn:aws:sts::123456789012:assumed-role/Reader/session lacks the write right on "
        "FeatureGroup guarded: ask one of its administrators for a grant."
    )


def test_a_refused_write_writes_nothing(door):
    door.as_role("Owner", "DeleteRecord")
    before = deepcopy(door.store)
    for operation in WRITES:
        door.as_role("Stranger", operation)
    assert door.store == before


def test_a_batch_of_reads_is_answered_group_by_group(door):
    door.as_role("Owner", "PutRecord", "open")
    asked = [
        {"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["c1", "c2"]}
        for name in ("guarded", "open", HOME.arn("guarded"))
    ]
    status, body = door.batch("Stranger", "/BatchGetRecord", {"Identifiers": asked})
    assert status == 200
    assert [each["FeatureGroupName"] for each in body["Records"]] == ["open"]
    assert [
        (each["FeatureGroupName"], each["RecordIdentifierValueAsString"], each["ErrorCode"])
        for each in body["Errors"]
    ] == [
        (name, identifier, "AccessForbidden")
        for name in ("guarded", HOME.arn("guarded"))
        for identifier in ("c1", "c2")
    ]


def test_a_batch_of_writes_is_answered_entry_by_entry(door):
    entries = [entry("w1", group="guarded"), entry("w2", group="open")]
    _, body = door.batch("Reader", "/BatchWriteRecord", {"Entries": entries})
    assert [(e["Entry"], e["ErrorCode"]) for e in body["Errors"]] == [
        (entries[0], "AccessForbidden")
    ]
    assert door.get("w2", group="open")
    assert not door.get("w1", group="guarded")


@pytest.mark.parametrize("role", ["Stranger", "Reader"])
def test_where_missing_grants_deny_a_group_without_them_is_closed(role):
    assert allowed(GuardedDoor(deny=True), role, "open") == set()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_where_missing_grants_deny_nobody_learns_which_groups_there_are(operation):
    busy = feature_group("busy", status=FeatureGroupStatus.CREATING)
    gone = feature_group("gone", status=FeatureGroupStatus.DELETING)
    door = GuardedDoor(busy, gone, deny=True)
    answers = {
        name: door.as_role("Stranger", operation, name)
        for name in ("guarded", "open", "busy", "gone", "missing")
    }
    told = {
        (status, json.dumps(body).replace(name, "?")) for name, (status, body) in answers.items()
    }
    assert len(told) == 1
    assert answers["missing"][1]["__type"] == "AccessForbidden"


def test_an_open_stage_says_that_a_group_is_missing(door):
    assert door.as_role("Stranger", "GetRecord", "missing")[1]["__type"] == "ResourceNotFound"
    assert door.as_role("Stranger", "PutRecord", "missing")[1]["__type"] == "ValidationError"


@pytest.mark.parametrize("deny", [False, True])
@pytest.mark.parametrize(
    "caller",
    [
        "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:assumed-role/Platform/ann",
        None,
    ],
    ids=["root", "administrator", "past the door"],
)
def test_administrators_and_whoever_may_invoke_the_function_may_do_all(deny, caller):
    door = GuardedDoor(deny=deny, administrators=["arn:aws:iam::123456789012:role/Plat*"])
    for group, status in (("guarded", 200), ("open", 200), ("missing", 404)):
        event = http_event("GET", f"/FeatureGroup/{group}", query=ID)
        assert door.send(event, caller)[0] == status


def test_a_door_that_asked_for_no_signature_opens_nothing_that_is_granted(door):
    event = http_event("GET", "/FeatureGroup/guarded", query=ID)
    event["requestContext"]["domainName"] = "example.org"
    assert door.send(event, None)[0] == 403


def test_grants_are_enforced_where_nobody_gave_rules():
    door = Door(GUARDED)
    event = http_event("GET", "/FeatureGroup/guarded", query=ID, caller="user/stranger")
    assert door.handler(event, None)["statusCode"] == 403


def test_tags_grant_as_the_definition_file_does():
    arn = "arn:aws:iam::123456789012:role/Tagged"
    tagged = feature_group("tagged", tags=(("larder:read:1", arn), ("team", "ops")))
    door = GuardedDoor(tagged)
    assert allowed(door, "Tagged", "tagged") == READS
    assert allowed(door, "Stranger", "tagged") == set()
