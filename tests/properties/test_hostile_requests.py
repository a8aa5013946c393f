"""Bad input: no bug is reached, nothing refused is stored, memory stays bounded, words are given.

2,000 requests made from the models of both planes, then a curated list of what attackers and
broken clients send, in every place where text can be.
"""

import base64
import gzip
import json
import random
import tracemalloc
from copy import deepcopy

import pytest

from lambdas.control.routes import create_handler as create_control
from lambdas.runtime.routes import create_handler as create_runtime
from larder.access.grants import Grants
from larder.groups.feature_group import OnlineStore, StorageType
from larder.groups.settings_cache import GroupSettings
from larder.records.api.operations import RuntimeApi
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.testing.records import MemoryRecordStore
from larder.wire.shapes import problems
from tests.support.answers import check_answer
from tests.support.control import PLATFORM, control_plane, create_request, group_spec
from tests.support.events import http_event
from tests.support.groups import HOME
from tests.support.hostile_requests import CONTROL, RECORD, T1, event, request, shape_of

SERVICES = {True: "sagemaker", False: "sagemaker-featurestore-runtime"}
SEEDS, REQUESTS_A_SEED = 8, 250
MOST_MEMORY = 256 * 2**20
LONGEST_ANSWER = 20_000
OWNED = Grants(admin=("arn:aws:iam::123456789012:role/owner",))


class Both:
    """Both planes over the same groups in memory; every answer is held against the models."""

    def __init__(self):
        self.catalog = control_plane()
        self.registry = self.catalog.groups.registry
        for name, grants in (("customers", Grants()), ("orders", OWNED)):
            online = OnlineStore(StorageType.STANDARD_V2)
            self.catalog.groups.create(group_spec(name, grants=grants, online=online))
        self.records = MemoryRecordStore()
        settings = GroupSettings(self.registry, HOME, 0.0)
        kinds = {
            "reader": RecordReader,
            "writer": RecordWriter,
            "updater": RecordUpdater,
            "lister": RecordLister,
        }
        api = RuntimeApi(**{name: kind(self.records, settings) for name, kind in kinds.items()})
        self._planes = {True: create_control(self.catalog), False: create_runtime(api)}

    def send(self, is_control, operation, made):
        """The status; a refusal has words, changed nothing, and is none of a bug's."""
        before = self.stored()
        answer = self._planes[is_control](made, None)
        status = answer["statusCode"]
        assert status == 200 or 400 <= status < 500, (made, answer)
        if status != 200 or not made.get("rawPath", "").startswith("/FeatureGroup/"):
            check_answer(SERVICES[is_control], operation, answer)
        if status != 200:
            assert self.stored() == before, made
            assert 10 < len(json.loads(answer["body"])["message"]) < LONGEST_ANSWER
        return status

    @property
    def is_intact(self):
        """Whether both groups can still be written to: requests delete them now and then."""
        return len([g for g in self.registry.list() if g.status == "Created"]) > 1

    def stored(self):
        records = self.records
        counts = (len(records.records), len(records.accepted), len(records.logged))
        return counts, list(self.registry.list()), list(self.catalog.store.list())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_requests_made_from_the_models_are_served_or_refused_with_words(seed):
    dice = random.Random(seed)
    both, served, refused = Both(), set(), 0
    for _ in range(REQUESTS_A_SEED):
        made = request(dice)
        both = both if both.is_intact else Both()
        if made.whole:
            assert list(problems(shape_of(made.operation), made.members)) == [], made
        if both.send(made.is_control, made.operation, made.event) == 200:
            served.add(made.operation)
        else:
            refused += 1
    assert refused > REQUESTS_A_SEED / 3
    assert len(served) > 14  # of 18: the generator does reach what lies behind the checks
    for group in both.registry.list():
        assert group.name.isalnum()
        if group.offline is not None:
            assert group.offline.s3_uri.split("/")[2] in PLATFORM.buckets
            assert ".." not in group.offline.location


TEXTS = [
    *("", " ", ".", "..", "../", "../../etc/passwd", "..%2f..%2f", "%2e%2e%2f", "%00", "\x00", "a\x00b"),
    *("/", "//", "\\", "C:\\x", "file:///etc/passwd", "s3://lake/../../x", "s3://lake//a", "s3://a/b?x"),
    *("'; DROP TABLE customers; --", '" OR ""="', "1 OR 1=1", "`x`", "$(reboot)", "${jndi:ldap://x}"),
    *("{{7*7}}", "<script>alert(1)</script>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "%s%n%d", "{0}", "a\r\nb: c"),
    *("\u202egnp.exe", "\ufeffx", "e\u0301", "ﬁ", "İ", "ß", "😀", "👩‍👩‍👧‍👦", "\u2028", "\ud800", "\udfff", "�"),
    *("nan", "NaN", "Infinity", "-Infinity", "1e309", "-1e309", "-0", "-0.0", "1e-400", "0x10", "1_000", "٣", "²"),
    *("9223372036854775808", "-9223372036854775809", "1" * 400, "null", "true", "[]", "{}", "__proto__"),
    *("9999-12-31T23:59:59.999999999Z", "10000-01-01T00:00:00Z", "2024-02-30T00:00:00Z", "-1", "0"),
    *("2024-01-01T00:00:60Z", "2024-01-01T24:00:00Z", "2024-01-01", "1e18", "253402300800", "1" * 20),
    *("a" * 65, "a" * 257, "-" * 256, "_" * 64, "a" + "-_" * 31, "arn:aws:sagemaker:" + ":" * 200),
    *("arn:aws:sagemaker:us-east-1:123456789012:feature-group/../x", HOME.arn("a/b"), "aws:x", "larder:x"),
]  # fmt: skip
CONTROL_PLACES = {
    "CreateFeatureGroup.FeatureGroupName": create_request,
    "CreateFeatureGroup.RoleArn": lambda t: create_request("new", RoleArn=t),
    "CreateFeatureGroup.Description": lambda t: create_request("new", Description=t),
    "CreateFeatureGroup.S3Uri": lambda t: create_request(
        "new", OfflineStoreConfig={"S3StorageConfig": {"S3Uri": t}}
    ),
    "CreateFeatureGroup.FeatureName": lambda t: create_request(
        "new",
        FeatureDefinitions=[
            *create_request()["FeatureDefinitions"],
            {"FeatureName": t, "FeatureType": "String"},
        ],
    ),
    "CreateFeatureGroup.TableName": lambda t: create_request(
        "new",
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": "s3://lake/x"},
            "DataCatalogConfig": {
                "Catalog": "AwsDataCatalog",
                "Database": "larder_dev",
                "TableName": t,
            },
        },
    ),
    "DescribeFeatureGroup.FeatureGroupName": lambda t: {"FeatureGroupName": t},
    "UpdateFeatureMetadata.Description": lambda t: {
        "FeatureGroupName": "customers",
        "FeatureName": "clicks",
        "Description": t,
    },
    "UpdateFeatureMetadata.Parameter": lambda t: {
        "FeatureGroupName": "customers",
        "FeatureName": "clicks",
        "ParameterAdditions": [{"Key": t, "Value": t}],
    },
    "AddTags.Tag": lambda t: {
        "ResourceArn": HOME.arn("customers"),
        "Tags": [{"Key": t, "Value": t}],
    },
    "AddTags.Grant": lambda t: {
        "ResourceArn": HOME.arn("customers"),
        "Tags": [{"Key": "larder:read:1", "Value": t}],
    },
    "ListTags.ResourceArn": lambda t: {"ResourceArn": t},
    "ListFeatureGroups.NextToken": lambda t: {"NextToken": t},
    "ListFeatureGroups.NameContains": lambda t: {"NameContains": t},
    "Search.Value": lambda t: {
        "Resource": "FeatureGroup",
        "SearchExpression": {"Filters": [{"Name": "CreationTime", "Value": t}]},
    },
    "Search.Name": lambda t: {
        "Resource": "FeatureGroup",
        "SearchExpression": {"Filters": [{"Name": t, "Value": t, "Operator": "Contains"}]},
    },
}
RUNTIME_PLACES = {
    "PutRecord.FeatureGroupName": lambda t: {"FeatureGroupName": t, "Record": RECORD},
    "PutRecord.Identifier": lambda t: _put(customer_id=t),
    "PutRecord.EventTime": lambda t: _put(event_time=t),
    "PutRecord.Integral": lambda t: _put(clicks=t),
    "PutRecord.Fractional": lambda t: _put(score=t),
    "PutRecord.FeatureName": lambda t: _put(**{t: "x"}),
    "GetRecord.RecordIdentifier": lambda t: {**_ID, "RecordIdentifierValueAsString": t},
    "GetRecord.FeatureNames": lambda t: {**_ID, "FeatureNames": ["clicks", t]},
    "DeleteRecord.EventTime": lambda t: {**_ID, "EventTime": t},
    "UpdateRecord.Value": lambda t: {
        **_ID,
        "Features": [{"FeatureName": "clicks", "ValueAsString": t}],
    },
    "ListRecords.NextToken": lambda t: {"FeatureGroupName": "customers", "NextToken": t},
    "BatchGetRecord.FeatureGroupName": lambda t: {
        "Identifiers": [{"FeatureGroupName": t, "RecordIdentifiersValueAsString": [t]}]
    },
    "BatchWriteRecord.Value": lambda t: {"Entries": [_put(customer_id=t, clicks=t)]},
}
_ID = {"FeatureGroupName": "customers", "RecordIdentifierValueAsString": "c1"}


def _put(**features):
    values = {"customer_id": "c1", "event_time": T1} | features
    record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
    return {"FeatureGroupName": "customers", "Record": record}


@pytest.mark.parametrize("place", [*CONTROL_PLACES, *RUNTIME_PLACES])
def test_hostile_text_is_harmless_wherever_it_stands(place):
    assert len(TEXTS) * len(CONTROL_PLACES | RUNTIME_PLACES) > 1500
    operation = place.partition(".")[0]
    both = Both()
    for text in TEXTS:
        members = (CONTROL_PLACES | RUNTIME_PLACES)[place](text)
        both.send(operation in CONTROL, operation, event(operation, members, random.Random(0)))


@pytest.mark.parametrize("text", [each for each in TEXTS if each and "\ud800" not in each])
def test_hostile_text_that_is_a_value_comes_back_as_it_was(text):
    if "\udfff" in text:
        return
    both = Both()
    made = event("PutRecord", _put(city=text), random.Random(0))
    assert both.send(False, "PutRecord", made) == 200
    (version,) = both.records.records.values()
    assert text in json.loads(version.packed)


BULK = 4_000_000
BODIES = {
    "deep objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "deep lists": '{"Record":' + "[" * 10_000 + "]" * 10_000 + "}",
    "deep but readable": '{"Record":' + "[" * 1000 + "]" * 1000 + "}",
    "numbers": '{"MaxResults": NaN, "b": Infinity, "c": 1e309, "d": -0}',
    "a large number": '{"MaxResults": ' + "9" * 100_000 + "}",
    "the same member": "{" + '"FeatureGroupName":"orders",' * 50_000 + '"FeatureGroupName":"x"}',
    "unknown members": "{" + ",".join(f'"m{n}":0' for n in range(300_000)) + "}",
    "empty objects": '{"Record":[' + ",".join(["{}"] * (BULK // 3)) + "]}",
    "empty lists": '{"Identifiers":[' + ",".join(["[]"] * (BULK // 3)) + "]}",
    "one long text": '{"FeatureGroupName":"' + "-" * BULK + '"}',
    "one long value": json.dumps(_put(city="x" * BULK)),
    "many features": json.dumps({"Record": [{"FeatureName": "a", "ValueAsString": ""}] * 80_000}),
    "many values": json.dumps({"Record": [{"FeatureName": "city", "ValueAsStringList": [""] * 400_000}]}),
    "escapes": '{"FeatureGroupName":"' + "\\u0000" * 600_000 + '"}',
    "no JSON": "<" * BULK,
    "not UTF-8": b"\xff\xfe" * 1_000_000,
    "a bomb": gzip.compress(b'{"Record":[' + b"0," * 50_000_000, compresslevel=1),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    "operation", ["PutRecord", "BatchGetRecord", "CreateFeatureGroup", "Search"]
)
def test_a_body_of_megabytes_costs_bounded_memory(operation, body):
    both = Both()
    raw = body if isinstance(body, bytes) else body.encode()
    made = deepcopy(event(operation, _put(), random.Random(0)))
    made |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    made["headers"] = {**made["headers"], "content-encoding": "gzip"}
    tracemalloc.start()
    try:
        status = both.send(operation in CONTROL, operation, made)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status >= 400
    assert peak < MOST_MEMORY


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PATCH", "TRACE", "CONNECT", "", "GET\r\nX: y", "PUT"]
)
@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "//", "/..", "/FeatureGroup", "/FeatureGroup/", "/FeatureGroup/%", "/FeatureGroup/%00"),
        *("/FeatureGroup/../../x", "/FeatureGroup/a%2Fb", "/FeatureGroup/%ff", "/FeatureGroup/a/b/c/Record"),
        *("/BatchGetRecord/", "/BatchGetRecord?x", "/" + "a" * 10_000, "/FeatureGroup/" + "%2e" * 3000),
    ],
)  # fmt: skip
def test_any_method_and_path_is_answered(method, path):
    both = Both()
    made = http_event(method, path, query="RecordIdentifierValueAsString=" + "x" * 9000)
    for is_control in (True, False):
        assert both.send(is_control, None, made) != 200
