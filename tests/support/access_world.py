"""Both planes over stores in memory, with feature groups of every kind, for six roles.

A record ``c1`` is in every group, so that a group read in place of another is seen: each record
holds its own group's secret. Settings are cached as in a deployed function; the clock is the
test's.
"""

import json
from urllib.parse import quote, urlencode

from lambdas.control.routes import create_handler as control_handler
from lambdas.runtime.routes import create_handler as runtime_handler
from larder.access.grants import Grants
from larder.access.rules import AccessRules
from larder.client.process_plane import ProcessPlane
from larder.groups.feature_group import OnlineStore, StorageType
from larder.groups.reserved_tags import as_tags
from larder.groups.settings_cache import GroupSettings
from larder.records.api.operations import Call
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.testing.groups import MemoryRegistry
from larder.testing.records import MemoryRecordStore
from larder.wiring.data_plane import DataPlane
from tests.support.control import control_plane, group_spec
from tests.support.events import http_event
from tests.support.groups import HOME
from tests.support.logs import silent

ACCOUNT = "123456789012"
LIFETIME = 5.0
KINDS = ("granted", "tagged", "foreign", "bare")
ENDPOINTS = ("HTTP API", "Function URL", "direct")
AT = "2024-01-01T00:00:00Z"
LATER = "2024-01-02T00:00:00Z"


def role_arn(role):
    """The role, as a grant names it."""
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def session_of(role):
    """A session of the role, as an endpoint names the caller."""
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/nightly"


def secret_of(name):
    """What the records of a group hold, and no other group's."""
    return f"secret-of-{name}"


class CountedRegistry(MemoryRegistry):
    """A registry that counts how often it is asked for a group."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def get(self, name):
        self.asked += 1
        return super().get(name)


class World:
    """A stage with one group of each kind, and the record ``c1`` in each."""

    def __init__(self, *, closed, creators=()):
        self.now = 0.0
        self.registry, self.store = CountedRegistry(), MemoryRecordStore()
        self.catalog = control_plane(self.registry)
        self.rules = AccessRules(
            HOME, (role_arn("Platform"),), closed, tuple(map(role_arn, creators))
        )
        settings = GroupSettings(self.registry, HOME, LIFETIME, lambda: self.now)
        self.plane = DataPlane(
            reader=RecordReader(self.store, settings),
            writer=RecordWriter(self.store, settings),
            updater=RecordUpdater(self.store, settings),
            lister=RecordLister(self.store, settings),
            rules=self.rules,
            close=lambda: None,
            dynamodb=None,
        )
        self._control = control_handler(self.catalog, self.rules)
        self._runtime = runtime_handler(self.plane.api, log=silent())
        self._make_groups()

    def _make_groups(self):
        own = Grants(*((role_arn(role),) for role in ("Reader", "Writer", "Owner")))
        others = Grants(*((role_arn(role),) for role in ("Other", "Another", "Boss")))
        given = {
            "granted": {"grants": own},
            "tagged": {"tags": as_tags(own)},
            "foreign": {"grants": others},
            "bare": {},
        }
        for kind in KINDS:
            online = OnlineStore(StorageType.STANDARD_V2)
            self.catalog.groups.create(group_spec(kind, online=online, **given[kind]))
            self.records("Platform", "PutRecord", record_members("PutRecord", kind), "direct")

    def records(self, role, operation, members, endpoint, *, decoded=False):
        """The data plane's status and body."""
        caller = session_of(role)
        if endpoint == "direct":
            plane = ProcessPlane(lambda: self.plane, caller)
            call = Call(operation, members, "r", plane.caller)
            return _read(plane.current.api.perform(call))
        return _read(self._runtime(_event(operation, members, caller, endpoint, decoded), None))

    def control(self, role, operation, members):
        """The control plane's status and body."""
        headers = {"x-amz-target": f"SageMaker.{operation}"}
        event = http_event("POST", "/", body=members, headers=headers)
        event["requestContext"]["authorizer"]["iam"]["userArn"] = session_of(role)
        return _read(self._control(event, None))

    def cache(self, *groups):
        """Have the settings of groups cached, for whoever asks next."""
        self.forget()
        for name in groups:
            status, _ = self.records(
                "Platform", "GetRecord", record_members("GetRecord", name), "HTTP API"
            )
            assert status == 200
        self.registry.asked = 0

    def forget(self):
        """Let what is cached grow too old."""
        self.now += LIFETIME
        self.registry.asked = 0

    def content(self):
        """All that is stored, by group, to compare; what is stored is never changed in place."""
        groups = {group.name: group for group in self.registry.list()}
        return {name: self._content_of(group) for name, group in groups.items()}

    def _content_of(self, group):
        metadata = [self.catalog.store.get(group.uid, name) for name in group.feature_names]
        online = {k: v for k, v in self.store.records.items() if k.uid == group.uid}
        logged = {k: v for k, v in self.store.logged.items() if k[0].uid == group.uid}
        return group, metadata, online, logged


def record_members(operation, group, name=None):
    """The members of an operation on record ``c1``; ``name`` is how the group is called."""
    name = name or group
    named = {"FeatureGroupName": name}
    record = _values(customer_id="c1", event_time=AT, city=secret_of(group))
    match operation:
        case "PutRecord":
            return {**named, "Record": record}
        case "UpdateRecord":
            features = _values(city=secret_of(group))
            return {**named, "RecordIdentifierValueAsString": "c1", "Features": features}
        case "DeleteRecord":
            return {**named, "RecordIdentifierValueAsString": "c1", "EventTime": LATER}
        case "GetRecord":
            return {**named, "RecordIdentifierValueAsString": "c1"}
        case "ListRecords":
            return named
    raise KeyError(operation)


def batch_members(operation, names):
    """The members of a batch over groups, given as (group, what it is called)."""
    if operation == "BatchGetRecord":
        asked = [
            {"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["c1"]}
            for _, name in names
        ]
        return {"Identifiers": asked}
    return {"Entries": [record_members("PutRecord", group, name) for group, name in names]}


def control_members(operation, name):
    """The control plane's members, one request for each kind of change that there is."""
    named, feature = {"FeatureGroupName": name}, {"FeatureName": "clicks"}
    more = [{"FeatureName": "more", "FeatureType": "String"}]
    ttl = {"TtlDuration": {"Unit": "Days", "Value": 3}}
    resource = {"ResourceArn": HOME.arn(name.rpartition("/")[2])}
    return {
        "DescribeFeatureGroup": [named],
        "DescribeFeatureMetadata": [named | feature],
        "ListTags": [resource],
        "UpdateFeatureGroup": [
            named | {"FeatureAdditions": more},
            named | {"OnlineStoreConfig": ttl},
        ],
        "UpdateFeatureMetadata": [named | feature | {"Description": "x"}],
        "AddTags": [resource | {"Tags": [{"Key": "a", "Value": "b"}]}],
        "DeleteTags": [resource | {"TagKeys": ["larder:read:file-1", "x"]}],
        "DeleteFeatureGroup": [named],
    }[operation]


def _event(operation, members, caller, endpoint, decoded):
    members = dict(members)
    group = members.pop("FeatureGroupName", "")
    method, path = {
        "GetRecord": ("GET", ""),
        "PutRecord": ("PUT", ""),
        "DeleteRecord": ("DELETE", ""),
        "UpdateRecord": ("POST", "/Record"),
        "ListRecords": ("POST", "/ListRecords"),
    }.get(operation, ("POST", operation))
    named = quote(group, safe=":/" if decoded else "")
    where = f"/FeatureGroup/{named}{path}" if group else f"/{path}"
    if method in ("GET", "DELETE"):
        event = http_event(method, where, query=urlencode(members))
    else:
        event = http_event(method, where, body=members)
    context = event["requestContext"]
    context["authorizer"]["iam"]["userArn"] = caller
    context["domainName"] = (
        "abc.lambda-url.us-east-1.on.aws"
        if endpoint == "Function URL"
        else "abc.execute-api.us-east-1.amazonaws.com"
    )
    return event


def _read(answer):
    return answer["statusCode"], json.loads(answer["body"] or "{}")


def _values(**features):
    return [{"FeatureName": k, "ValueAsString": v} for k, v in features.items()]
