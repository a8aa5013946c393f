"""S11: six roles x every operation of both planes, by name, by ARN, in batches, cached and not.

What should come out is written by hand in ``tests/support/rights.py``. A call that is wrongly
refused fails a test as a leak does. A call that is refused may neither tell nor change anything.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from larder.access.grants import Grants, Right
from larder.access.operations import CONTROL_PLANE, DATA_PLANE
from larder.errors import AccessForbidden
from larder.groups.api import request_shapes as control_shapes
from larder.records.api import shapes as runtime_shapes
from tests.support.access_world import (
    AT,
    ENDPOINTS,
    KINDS,
    LATER,
    LIFETIME,
    World,
    batch_members,
    control_members,
    record_members,
    role_arn,
    secret_of,
    session_of,
)
from tests.support.control import create_request
from tests.support.direct import records_over
from tests.support.groups import HOME
from tests.support.rights import NEEDS, ROLES, Account, may, may_create

DOCS = Path(__file__).parents[2] / "docs" / "access.md"
STAGES = {
    "open": {"closed": False},
    "closed": {"closed": True, "creators": ("Creator",)},
    "named": {"closed": False, "creators": ("Creator",)},
}
FORMS = {"name": (str, False), "ARN": (HOME.arn, False), "ARN in two segments": (HOME.arn, True)}
BY_NAME_ALONE = {"DeleteFeatureGroup"}  # as SageMaker's model has it
REFUSALS = {"AccessForbidden", "AccessDeniedException"}
OF_ONE_GROUP = [name for name, each in DATA_PLANE.items() if each.names_its_group]
every_stage = pytest.mark.parametrize("stage", STAGES)
stages_of_records = pytest.mark.parametrize("stage", ["open", "closed"])  # creators have no records
every_role = pytest.mark.parametrize("role", ROLES)


@pytest.fixture
def account(record_property):
    account = Account()
    yield account
    account.close(record_property)


def allowed(status, body):
    """Whether an answer says yes; one that is neither yes nor a refusal fails the test."""
    refused = status == 403 and body["__type"] in REFUSALS
    assert refused or status == 200, (status, body)
    return not refused


def secrets_in(body):
    """The groups whose secrets an answer tells."""
    return {kind for kind in KINDS if secret_of(kind) in json.dumps(body)}


def asked_as_said(world, *, cached):
    """Whether the settings came from where they should: a check of this test itself."""
    assert (world.registry.asked == 0) is cached


class Tries:
    """Tries of one role on one stage, each on a world that the others did not change."""

    def __init__(self, stage, role, account):
        self.stage, self.role, self.account = stage, role, account
        self.closed = STAGES[stage]["closed"]
        self.world = World(**STAGES[stage])
        self.before = self.world.content()

    def record(self, operation, kind, form, *, endpoint, cached):
        name, decoded = FORMS[form]
        members = record_members(operation, kind, name(kind))
        self._prepare(cached, kind)
        status, body = self.world.records(self.role, operation, members, endpoint, decoded=decoded)
        asked_as_said(self.world, cached=cached)
        what = f"{self.stage}: {self.role} {operation} {kind} by {form}, {endpoint}, {cached=}"
        self._judge(what, operation, kind, did=allowed(status, body), body=body)
        if operation == "GetRecord" and status == 200:
            assert secrets_in(body) == {kind}, what

    def batch(self, operation, kinds, form, *, endpoint, cached):
        name, _ = FORMS[form]
        self._prepare(cached, *kinds)
        members = batch_members(operation, [(kind, name(kind)) for kind in kinds])
        status, body = self.world.records(self.role, operation, members, endpoint)
        assert status == 200, body
        asked_as_said(self.world, cached=cached)
        refused = refused_in(operation, body)
        what = f"{self.stage}: {self.role} {operation} {kinds} by {form}, {endpoint}, {cached=}"
        for kind in kinds:
            should = self._may(NEEDS[operation], kind)
            self.account.note(f"{what}: {kind}", should=should, did=name(kind) not in refused)
        open_to = {kind for kind in kinds if self._may(NEEDS[operation], kind)}
        told = secrets_in(
            body.get("Records", {})
        )  # the entries of a write are told to who sent them
        assert operation != "BatchGetRecord" or told >= open_to, what
        self._check_harm(what, open_to, told)

    def control(self, operation, kind, form):
        name, _ = FORMS[form]
        for members in control_members(operation, name(kind)):
            status, body = self.world.control(self.role, operation, members)
            what = f"{self.stage}: {self.role} {operation} {kind} by {form}"
            self._judge(what, operation, kind, did=allowed(status, body), body=body)

    def listing(self, operation, members, names_in):
        status, body = self.world.control(self.role, operation, members)
        assert status == 200, body
        for kind in KINDS:
            what = f"{self.stage}: {self.role} {operation} {members} shows {kind}"
            self.account.note(what, should=self._may("see", kind), did=kind in names_in(body))

    def create(self):
        own = {"Key": "larder:admin:own", "Value": role_arn(self.role)}
        members = create_request("made", Tags=[own])
        status, body = self.world.control(self.role, "CreateFeatureGroup", members)
        named = bool(STAGES[self.stage].get("creators"))
        should = may_create(self.role, closed=self.closed, named=named)
        did = allowed(status, body)
        assert did is (self.world.registry.get("made") is not None)
        self.account.note(f"{self.stage}: {self.role} creates", should=should, did=did)

    def _prepare(self, cached, *kinds):
        if cached:
            self.world.cache(*kinds)
        else:
            self.world.forget()

    def _judge(self, what, operation, kind, *, did, body):
        should = self._may(NEEDS[operation], kind)
        self.account.note(what, should=should, did=did)
        self._check_harm(what, {kind} if should else set(), secrets_in(body))

    def _check_harm(self, what, kinds, told):
        """Nothing but groups of these kinds was told or changed."""
        now = self.world.content()
        changed = {name for name in {*now, *self.before} if now.get(name) != self.before.get(name)}
        for harm, touched in (("told", told), ("changed", changed)):
            if touched - kinds:
                self.account.leak(f"{what}: {harm}: {touched - kinds}")
        if changed:
            self.world = World(**STAGES[self.stage])
            self.before = self.world.content()

    def _may(self, need, kind):
        return may(self.role, need, kind, closed=self.closed)


def refused_in(operation, body):
    """What the groups are called whose entries a batch refuses; no entry fails otherwise."""
    assert {error["ErrorCode"] for error in body["Errors"]} <= REFUSALS
    if operation == "BatchGetRecord":
        return {error["FeatureGroupName"] for error in body["Errors"]}
    return {error["Entry"]["FeatureGroupName"] for error in body["Errors"]}


@pytest.fixture
def tries(stage, role, account):
    return Tries(stage, role, account)


@stages_of_records
@every_role
@pytest.mark.parametrize("cached", [False, True], ids=["uncached", "cached"])
def test_s11_operations_on_one_group(tries, cached):
    for operation in OF_ONE_GROUP:
        for kind in KINDS:
            for form in FORMS:
                for endpoint in ENDPOINTS:
                    tries.record(operation, kind, form, endpoint=endpoint, cached=cached)


@stages_of_records
@every_role
@pytest.mark.parametrize("cached", [False, True], ids=["uncached", "cached"])
def test_s11_batches_over_groups_in_every_order(tries, cached):
    pairs = [(first, second) for first in KINDS for second in KINDS if first != second]
    for operation in ("BatchGetRecord", "BatchWriteRecord"):
        for kinds in [*((kind,) for kind in KINDS), *pairs]:
            for form in ("name", "ARN"):
                for endpoint in ENDPOINTS:
                    tries.batch(operation, kinds, form, endpoint=endpoint, cached=cached)


@every_stage
@every_role
def test_s11_operations_of_the_control_plane(tries):
    tries.listing("ListFeatureGroups", {}, shown_by("FeatureGroupSummaries"))
    for resource in ("FeatureGroup", "FeatureMetadata"):
        for order in ({}, {"SortBy": "FeatureGroupName"}, {"SortBy": "FeatureGroupArn"}):
            members = {"Resource": resource, **order}
            tries.listing("Search", members, shown_by("Results", resource))
    alone = {"CreateFeatureGroup", "ListFeatureGroups", "Search"}
    for operation in CONTROL_PLANE.keys() - alone:
        for kind in KINDS:
            for form in ("name",) if operation in BY_NAME_ALONE else ("name", "ARN"):
                tries.control(operation, kind, form)
    tries.create()


def shown_by(member, resource=None):
    """What finds the names of the groups that a listing shows."""

    def names(body):
        found = body[member] if resource is None else [each[resource] for each in body[member]]
        return {each["FeatureGroupName"] for each in found}

    return names


def test_s11_every_operation_is_in_the_matrix_and_needs_what_the_products_table_says():
    served = {*runtime_shapes.REQUESTS, *control_shapes.REQUESTS}
    assert served == set(NEEDS) == {*DATA_PLANE, *CONTROL_PLANE}
    for operation, each in DATA_PLANE.items():
        assert each.right == NEEDS[operation]
    for operation, right in CONTROL_PLANE.items():
        assert (right or "create") == NEEDS[operation]


def test_s11_the_documented_rights_are_those_of_the_matrix():
    told = {}
    for line in DOCS.read_text().partition("## Rights")[2].partition("\n- ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and (right := re.fullmatch(r"`(\w+)`|any of the three", cells[0])):
            words = re.findall(r"[A-Z][A-Za-z]+", " ".join(cells[1:]))
            told |= dict.fromkeys(words, right[1] or "see")
    assert told == {name: need for name, need in NEEDS.items() if need != "create"}


@pytest.mark.parametrize("operation", OF_ONE_GROUP)
def test_s11_a_grant_given_or_taken_takes_effect_within_the_lifetime_of_the_cache(operation):
    world, members = World(closed=True), record_members(operation, "bare")
    groups = world.catalog.groups
    everything = Grants((role_arn("Late"),), (role_arn("Late"),))

    def change(grants):
        groups.change("bare", lambda group: replace(group, grants=grants))

    def may_now():
        return allowed(*world.records("Late", operation, members, "HTTP API"))

    world.cache("bare")
    change(everything)
    assert not may_now()
    world.now += LIFETIME
    assert may_now()
    change(Grants())
    world.now += LIFETIME / 2
    assert may_now()
    world.now += LIFETIME / 2
    assert not may_now()


def test_s11_the_cache_is_filled_by_a_caller_who_may_not_and_opens_nothing():
    world = World(closed=True)
    members = record_members("GetRecord", "granted")
    for role, should in (("Nobody", False), ("Reader", True), ("Nobody", False)):
        assert allowed(*world.records(role, "GetRecord", members, "HTTP API")) is should
    assert world.registry.asked  # the first filled it
    world.registry.asked = 0
    assert allowed(*world.records("Reader", "GetRecord", members, "HTTP API"))
    assert world.registry.asked == 0


@every_role
@pytest.mark.parametrize("operation", BY_NAME_ALONE)
def test_s11_an_operation_that_takes_no_arn_does_nothing_by_one(role, operation):
    world = World(closed=False)
    before = world.content()
    for kind in KINDS:
        for members in control_members(operation, HOME.arn(kind)):
            assert world.control(role, operation, members)[0] == 400
    assert world.content() == before


METHODS = {
    "get": ("read", lambda records, group: records.get(group, "c1")),
    "get_many": ("read", lambda records, group: records.get_many(group, ["c1"])),
    "list": ("read", lambda records, group: list(records.list(group))),
    "put": ("write", lambda records, group: records.put(group, RECORD)),
    "put_many": ("write", lambda records, group: records.put_many(group, [RECORD])),
    "update": ("write", lambda records, group: records.update(group, "c1", {"city": "x"})),
    "delete": ("write", lambda records, group: records.delete(group, "c1", LATER)),
}
RECORD = {"customer_id": "c2", "event_time": AT}


@stages_of_records
@every_role
@pytest.mark.parametrize("cached", [False, True], ids=["uncached", "cached"])
def test_s11_the_python_client_asks_for_its_callers_rights(stage, role, cached, account):
    closed = STAGES[stage]["closed"]
    for method, (need, call) in METHODS.items():
        for kind in KINDS:
            world = World(**STAGES[stage])
            records = records_over(lambda _, w=world: w.plane, session_of(role))
            if cached:
                world.cache(kind)
            did = True
            try:
                done = call(records, kind)
                did = not (method == "put_many" and done.errors)
            except AccessForbidden:
                did = False
            should = may(role, need, kind, closed=closed)
            account.note(f"{stage}: {role} {method} {kind}, {cached=}", should=should, did=did)


def test_s11_rights_are_those_of_the_products_own_words():
    assert {need for need in NEEDS.values() if need != "create"} == set(Right)
