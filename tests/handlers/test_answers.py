"""Every operation, called by unmodified clients, answers what botocore's model says it answers."""

from dataclasses import replace

import pytest

from lambdas.runtime.routes import create_handler
from larder.groups.api import request_shapes as control_shapes
from larder.groups.feature_group import FeatureGroupStatus, OnlineStore, StorageType, TtlDuration
from larder.groups.metadata import MetadataChange
from larder.records.api import shapes as runtime_shapes
from larder.records.api.operations import RuntimeApi
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.support.answers import answer_problems, error_problems
from tests.support.control import control_plane, create_request
from tests.support.doors import bound_client
from tests.support.groups import HOME, feature_group, group_settings

SERVICE = "sagemaker-featurestore-runtime"
ARN = HOME.arn("customers")
NAME = {"FeatureGroupName": "customers"}
FEATURE = {**NAME, "FeatureName": "clicks"}
MORE = {"FeatureName": "more", "FeatureType": "String"}
T1, T2 = "9000-01-01T00:00:00Z", "9000-01-02T00:00:00Z"
VALUES = {"customer_id": "c1", "event_time": T1, "city": "line\nbreak"}
RECORD = [{"FeatureName": name, "ValueAsString": value} for name, value in VALUES.items()]
ID = {**NAME, "RecordIdentifierValueAsString": "c1"}
LOST = {"FeatureGroupName": "nope"}
STEPS = [
    ("CreateFeatureGroup", create_request(Tags=[{"Key": "team", "Value": "ops"}])),
    ("CreateFeatureGroup", create_request("other", Description="others")),
    ("DescribeFeatureGroup", NAME),
    ("ListFeatureGroups", {"MaxResults": 1}),
    ("UpdateFeatureMetadata", {**FEATURE, "Description": "how often"}),
    ("UpdateFeatureMetadata", {**FEATURE, "ParameterAdditions": [{"Key": "a", "Value": "b"}]}),
    ("DescribeFeatureMetadata", FEATURE),
    ("AddTags", {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": ""}]}),
    ("ListTags", {"ResourceArn": ARN}),
    ("DeleteTags", {"ResourceArn": ARN, "TagKeys": ["a"]}),
    ("Search", {"Resource": "FeatureGroup", "MaxResults": 1}),
    ("Search", {"Resource": "FeatureMetadata", "MaxResults": 2}),
    ("UpdateFeatureGroup", {**NAME, "FeatureAdditions": [MORE]}),
    ("DescribeFeatureGroup", NAME),
    ("DeleteFeatureGroup", {"FeatureGroupName": "other"}),
    ("DescribeFeatureGroup", {"FeatureGroupName": "other"}),
    ("PutRecord", {**NAME, "Record": RECORD, "TtlDuration": {"Unit": "Days", "Value": 1}}),
    ("GetRecord", {**ID, "ExpirationTimeResponse": "Enabled"}),
    ("GetRecord", {**ID, "RecordIdentifierValueAsString": "nobody"}),
    ("UpdateRecord", {**ID, "Features": [{"FeatureName": "clicks", "ValueAsString": "1"}]}),
    (
        "BatchGetRecord",
        {
            "Identifiers": [
                {**each, "RecordIdentifiersValueAsString": ["c1", "c2"]} for each in (NAME, LOST)
            ],
            "ExpirationTimeResponse": "Enabled",
        },
    ),
    ("BatchWriteRecord", {"Entries": [{**each, "Record": RECORD} for each in (NAME, LOST)]}),
    ("ListRecords", {**NAME, "MaxResults": 1}),
    ("DeleteRecord", {**ID, "EventTime": T2}),
]


def _runtime_handler():
    group = feature_group(online=OnlineStore(StorageType.STANDARD_V2, TtlDuration("Days", 3)))
    store, settings = MemoryRecordStore(), group_settings(group)
    kinds = {
        "reader": RecordReader,
        "writer": RecordWriter,
        "updater": RecordUpdater,
        "lister": RecordLister,
    }
    parts = {name: kind(store, settings) for name, kind in kinds.items()}
    return create_handler(RuntimeApi(**parts))


def _settle(registry):
    for group in registry.list():
        if group.status is FeatureGroupStatus.CREATING:
            registry.replace(replace(group, status=FeatureGroupStatus.CREATED))


def test_every_operation_of_both_planes_answers_by_the_model(serve):
    catalog = control_plane()
    clients = [serve(catalog), bound_client(SERVICE, _runtime_handler())]
    called = set()
    for operation, members in STEPS:
        method = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
        client = next(each for each in clients if hasattr(each, method))
        getattr(client, method)(**members)  # the endpoint checks the answer
        called.add(operation)
        _settle(catalog.groups.registry)
    assert called == control_shapes.REQUESTS.keys() | runtime_shapes.REQUESTS.keys()


def test_a_failed_group_is_described_by_the_model_too(serve):
    catalog = control_plane()
    client = serve(catalog)
    client.create_feature_group(**create_request())
    registry = catalog.groups.registry
    failed = FeatureGroupStatus.CREATE_FAILED
    registry.replace(replace(registry.get("customers"), status=failed, failure_reason="x" * 5000))
    catalog.update("customers", "clicks", MetadataChange("é" * 255))
    assert len(client.describe_feature_group(**NAME)["FailureReason"]) == 1024


@pytest.mark.parametrize(
    ("operation", "value", "words"),
    [
        ("GetRecord", {"Record": []}, "0 is not within 1 and None"),
        (
            "GetRecord",
            {"Record": [{"ValueAsString": "x"}]},
            "FeatureName: FeatureValue requires it",
        ),
        ("GetRecord", {"Record": None}, "None is no list"),
        ("GetRecord", {"Recrod": []}, "GetRecordResponse has no such member"),
        ("ListRecords", {"RecordIdentifiers": [7]}, "7 is no string"),
        ("PutRecord", {"x": 1}, "an answer where the model has none"),
    ],
)
def test_an_answer_beside_the_model_is_noticed(operation, value, words):
    (problem,) = answer_problems(SERVICE, operation, value)
    assert words in problem


def test_an_error_that_no_client_could_type_is_noticed():
    good = '{"__type": "ValidationError", "message": "words", "Message": "words"}'
    headers = {"x-amzn-errortype": "ValidationError"}
    answer = {"statusCode": 400, "headers": headers, "body": good}
    assert error_problems(SERVICE, answer) == []
    for changes in (
        {"statusCode": 404},
        {"headers": {}},
        {"headers": {"x-amzn-errortype": "ValidationException"}},
        {"body": good.replace("__type", "type")},
        {"body": good.replace('"Message": "words"', '"Message": ""')},
    ):
        assert error_problems(SERVICE, answer | changes)
