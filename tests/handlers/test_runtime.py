"""The data plane's handler, given the events that API Gateway sends."""

import json
from urllib.parse import quote

import pytest

from lambdas.runtime.routes import create_handler
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.records.api.operations import RuntimeApi
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.support.doors import checked_runtime
from tests.support.events import http_event
from tests.support.groups import HOME, feature_group, group_settings
from tests.support.stores import Refusing

T1, T2 = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"
NASTY = "a/b c+d,é&=?%20"


class Door:
    """The handler over a store in memory."""

    def __init__(self, *groups, store=None, rules=None):
        self.store = store or MemoryRecordStore()
        settings = group_settings(*(groups or (feature_group(),)))
        self.groups = settings.registry
        api = RuntimeApi(
            reader=RecordReader(self.store, settings),
            writer=RecordWriter(self.store, settings),
            updater=RecordUpdater(self.store, settings),
            lister=RecordLister(self.store, settings),
            rules=rules,
        )
        self.handler = checked_runtime(create_handler(api))

    def call(self, *args, **kwargs):
        answer = self.handler(http_event(*args, **kwargs), None)
        return answer["statusCode"], json.loads(answer["body"] or "{}")

    def put(self, identifier, event_time=T1, group="customers", **features):
        values = {"customer_id": identifier, "event_time": event_time} | features
        body = {"Record": [{"FeatureName": k, "ValueAsString": v} for k, v in values.items()]}
        assert self.call("PUT", f"/FeatureGroup/{group}", body=body) == (200, {})

    def get(self, identifier, more="", group="customers"):
        query = f"RecordIdentifierValueAsString={quote(identifier, safe='')}{more}"
        status, body = self.call("GET", f"/FeatureGroup/{group}", query=query)
        assert status == 200
        return {each["FeatureName"]: each["ValueAsString"] for each in body.get("Record", [])}


@pytest.fixture
def door():
    return Door()


def test_a_record_is_put_and_got_back_verbatim(door):
    door.put("c1", clicks="7", city='Zürich, "x"')
    assert door.get("c1") == {
        "customer_id": "c1",
        "event_time": T1,
        "clicks": "7",
        "city": 'Zürich, "x"',
    }


def test_an_identifier_of_any_characters_survives_the_query_string(door):
    door.put(NASTY)
    assert door.get(NASTY)["customer_id"] == NASTY


def test_repeated_feature_names_select_features_in_the_order_asked(door):
    door.put("c1", clicks="7", city="x")
    assert list(door.get("c1", "&FeatureName=city&FeatureName=clicks")) == ["city", "clicks"]


@pytest.mark.parametrize("safe", ["", ":/"], ids=["encoded", "decoded"])
def test_a_group_is_addressed_by_its_arn_in_either_form_of_the_path(door, safe):
    door.put("c1", group=quote(HOME.arn("customers"), safe=safe))
    assert door.get("c1", group=quote(HOME.arn("customers"), safe=safe))["customer_id"] == "c1"


def test_an_unknown_record_is_an_empty_answer(door):
    assert door.get("nobody") == {}


def test_expiry_is_told_only_when_asked_for(door):
    record = [
        {"FeatureName": "customer_id", "ValueAsString": "c1"},
        {"FeatureName": "event_time", "ValueAsString": "9000-01-01T00:00:00Z"},
    ]
    body = {"Record": record, "TtlDuration": {"Unit": "Days", "Value": 2}}
    door.call("PUT", "/FeatureGroup/customers", body=body)
    query = "RecordIdentifierValueAsString=c1"
    _, silent = door.call("GET", "/FeatureGroup/customers", query=query)
    _, told = door.call(
        "GET", "/FeatureGroup/customers", query=f"{query}&ExpirationTimeResponse=Enabled"
    )
    assert silent == {"Record": record}
    assert told == {"Record": record, "ExpiresAt": "9000-01-03T00:00:00Z"}


def test_a_deleted_record_is_gone_and_may_come_back(door):
    door.put("c1")
    query = f"RecordIdentifierValueAsString=c1&EventTime={quote(T2)}"
    assert door.call("DELETE", "/FeatureGroup/customers", query=query) == (200, {})
    assert door.get("c1") == {}
    door.put("c1", "2024-01-03T00:00:00Z")
    assert door.get("c1")["event_time"] == "2024-01-03T00:00:00Z"


def test_target_stores_of_a_delete_are_all_honoured(door):
    door.put("c1")
    query = f"RecordIdentifierValueAsString=c1&EventTime={T2}&TargetStores=OfflineStore"
    door.call("DELETE", "/FeatureGroup/customers", query=query)
    assert door.get("c1")["event_time"] == T1
    door.call("DELETE", "/FeatureGroup/customers", query=f"{query}&TargetStores=OnlineStore")
    assert door.get("c1") == {}


def test_a_batch_serves_the_good_names_the_bad_and_omits_the_missing():
    door = Door(feature_group(), feature_group("orders"))
    door.put("c1", city="x")
    door.put("o1", group="orders", city="y")
    ids = [
        {
            "FeatureGroupName": "customers",
            "RecordIdentifiersValueAsString": ["c1", "nobody"],
            "FeatureNames": ["city"],
        },
        {"FeatureGroupName": HOME.arn("orders"), "RecordIdentifiersValueAsString": ["o1", "o1"]},
        {"FeatureGroupName": "nope", "RecordIdentifiersValueAsString": ["n1"]},
    ]
    status, body = door.call("POST", "/BatchGetRecord", body={"Identifiers": ids})
    order = {
        "FeatureGroupName": HOME.arn("orders"),
        "RecordIdentifierValueAsString": "o1",
        "Record": [
            {"FeatureName": "customer_id", "ValueAsString": "o1"},
            {"FeatureName": "event_time", "ValueAsString": T1},
            {"FeatureName": "city", "ValueAsString": "y"},
        ],
    }
    customer = {
        "FeatureGroupName": "customers",
        "RecordIdentifierValueAsString": "c1",
        "Record": [{"FeatureName": "city", "ValueAsString": "x"}],
    }
    assert status == 200
    assert body["Records"] == [customer, order, order]
    assert [(e["FeatureGroupName"], e["ErrorCode"]) for e in body["Errors"]] == [
        ("nope", "ResourceNotFound")
    ]
    assert body["UnprocessedIdentifiers"] == []


def test_what_does_not_fit_an_answer_is_left_for_the_caller_to_ask_again(door):
    identifiers = [f"c{n}" for n in range(18)]
    for each in identifiers:
        door.put(each, city="x" * 340_000)
    ask = {"FeatureGroupName": "customers", "FeatureNames": ["customer_id", "city"]}
    got, left = [], identifiers
    while left:
        entry = ask | {"RecordIdentifiersValueAsString": left}
        _, body = door.call("POST", "/BatchGetRecord", body={"Identifiers": [entry]})
        assert body["Records"]
        got += [each["RecordIdentifierValueAsString"] for each in body["Records"]]
        assert all(each["FeatureNames"] == ask["FeatureNames"]
                   for each in body["UnprocessedIdentifiers"])  # fmt: skip
        left = [i for e in body["UnprocessedIdentifiers"]
                for i in e["RecordIdentifiersValueAsString"]]  # fmt: skip
    assert got == identifiers


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ThrottlingException("slow down"), 429, "ThrottlingException"),
        (ServiceUnavailable("silence"), 503, "ServiceUnavailable"),
    ],
)
def test_a_store_that_does_not_answer_is_told_from_a_missing_record(error, status, code):
    door = Door(store=Refusing(error))
    answer = door.call("GET", "/FeatureGroup/customers", query="RecordIdentifierValueAsString=c1")
    assert (answer[0], answer[1]["__type"]) == (status, code)
    entry = {"FeatureGroupName": "customers", "RecordIdentifiersValueAsString": ["c1"]}
    _, batch = door.call("POST", "/BatchGetRecord", body={"Identifiers": [entry]})
    assert batch == {"Records": [], "Errors": [], "UnprocessedIdentifiers": [entry]}


def test_a_key_left_unread_is_never_reported_as_missing():
    door = Door(store=Refusing(unread={"c2"}))
    entry = {"FeatureGroupName": "customers", "RecordIdentifiersValueAsString": ["c1", "c2"]}
    _, batch = door.call("POST", "/BatchGetRecord", body={"Identifiers": [entry]})
    assert batch["UnprocessedIdentifiers"] == [
        {"FeatureGroupName": "customers", "RecordIdentifiersValueAsString": ["c2"]}
    ]
    status, body = door.call(
        "GET", "/FeatureGroup/customers", query="RecordIdentifierValueAsString=c2"
    )
    assert (status, body["__type"]) == (429, "ThrottlingException")


GROUP = "/FeatureGroup/customers"
ID = "RecordIdentifierValueAsString=c1"


@pytest.mark.parametrize(
    ("status", "code", "words", "request_"),
    [
        (400, "ValidationError", "not valid JSON", ("PUT", GROUP, {"body": "{"})),
        (400, "ValidationError", "JSON list", ("PUT", GROUP, {"body": "[]"})),
        (400, "ValidationError", "not valid JSON", ("PUT", GROUP, {"body": b"\xff\xfe"})),
        (400, "ValidationError", "not valid JSON", ("PUT", GROUP, {"body": "[" * 10_000})),
        (400, "ValidationError", "'record'", ("PUT", GROUP, {"body": {}})),
        (400, "ValidationError", "'record'", ("PUT", GROUP, {"body": {"Record": []}})),
        (400, "ValidationError", "'record'", ("PUT", GROUP, {"body": {"Record": "x"}})),
        (400, "ValidationError", "'record.1.member'", ("PUT", GROUP, {"body": {"Record": [None]}})),
        (400, "ValidationError", "'recordIdentifierValueAsString'", ("GET", GROUP, {})),
        (400, "ValidationError", "2 times", ("GET", GROUP, {"query": f"{ID}&{ID}"})),
        (400, "ValidationError", "UTF-8", ("GET", GROUP, {"query": f"{ID}%ff"})),
        (400, "ValidationError", "enum", ("GET", GROUP, {"query": f"{ID}&ExpirationTimeResponse=x"})),
        (400, "ValidationError", "'none'", ("GET", GROUP, {"query": f"{ID}&FeatureName=none"})),
        (400, "ValidationError", "'eventTime'", ("DELETE", GROUP, {"query": ID})),
        (400, "ValidationError", "enum", ("DELETE", GROUP, {"query": f"{ID}&EventTime={T1}&DeletionMode=x"})),
        (400, "ValidationError", "Event time 'x'", ("DELETE", GROUP, {"query": f"{ID}&EventTime=x"})),
        (404, "ResourceNotFound", "can't find", ("GET", "/FeatureGroup/nope", {"query": ID})),
        (400, "ValidationError", "'featureGroupName'", ("GET", "/FeatureGroup/a%2Fb", {"query": ID})),
        (400, "ValidationError", "'featureGroupName'", ("GET", "/FeatureGroup/", {"query": ID})),
        (400, "ValidationError", "'identifiers'", ("POST", "/BatchGetRecord", {"body": ""})),
        (404, "UnknownOperationException", "no operation", ("PATCH", GROUP, {})),
        (404, "UnknownOperationException", "no operation", ("GET", "/BatchGetRecord", {})),
        (404, "UnknownOperationException", "no operation", ("GET", "/../etc/passwd", {})),
    ],
)  # fmt: skip
def test_a_bad_request_is_a_typed_error_with_words(door, status, code, words, request_):
    method, path, rest = request_
    answer = door.handler(http_event(method, path, **rest), None)
    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["__type"]) == (status, code)
    assert answer["headers"]["x-amzn-errortype"] == code
    assert answer["headers"]["x-amzn-requestid"] == "req-1"
    assert words in body["message"]
    assert door.store.records == {}


def test_a_put_to_a_missing_group_says_what_sagemaker_says(door):
    status, body = door.call(
        "PUT", "/FeatureGroup/nope", body={"Record": [{"FeatureName": "a", "ValueAsString": "b"}]}
    )
    assert (status, body["__type"]) == (400, "ValidationError")
    assert "can't find a FeatureGroup with name nope" in body["message"]


@pytest.mark.parametrize(
    "event", [{}, {"requestContext": {}}, {"body": "%", "isBase64Encoded": True}]
)
def test_an_event_of_another_kind_is_refused_without_a_5xx(door, event):
    assert door.handler(event, None)["statusCode"] in {400, 404}


def test_a_bug_is_answered_without_its_text_and_logged_with_its_place_alone(capsys):
    door = Door(store=Refusing(RuntimeError("secret detail")))
    status, body = door.call("GET", GROUP, query=ID)
    assert (status, body["__type"]) == (500, "InternalFailure")
    assert "secret" not in body["message"]
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["path"], line["status"]) == ("ERROR", GROUP, 500)
    assert line["trace"].endswith("RuntimeError")
    assert "in get" in line["trace"]
    assert "secret" not in json.dumps(line)  # a bug's text may quote a record


def test_each_request_leaves_one_line_without_values(door, capsys):
    door.put("private-name")
    line = json.loads(capsys.readouterr().out)
    assert line.items() >= {"operation": "PutRecord", "status": 200, "request_id": "req-1"}.items()
    assert "private-name" not in json.dumps(line)
