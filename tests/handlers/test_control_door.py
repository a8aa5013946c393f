"""What the control plane's function makes of events that no client library would send."""

import json

import pytest

from lambdas.control.routes import create_handler
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.testing.groups import MemoryRegistry
from tests.support.control import control_plane, create_request
from tests.support.events import http_event

DESCRIBE = {"FeatureGroupName": "customers"}


def call(body, *, operation="DescribeFeatureGroup", catalog=None, **event):
    headers = {"X-Amz-Target": f"SageMaker.{operation}"}
    handler = create_handler(catalog or control_plane())
    return handler(http_event("POST", "/", body=body, headers=headers, **event), None)


def refusal(answer):
    body = json.loads(answer["body"])
    assert body["__type"] == answer["headers"]["x-amzn-errortype"]
    assert body["message"] == body["Message"]
    return answer["statusCode"], body["__type"], body["message"]


def test_bodies_arrive_in_base64_or_not():
    catalog = control_plane()
    create = call(create_request(), operation="CreateFeatureGroup", catalog=catalog, binary=True)
    plain = call(DESCRIBE, catalog=catalog)

    assert (create["statusCode"], plain["statusCode"]) == (200, 200)
    assert plain["headers"] == {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-requestid": "req-1",
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "null at 'featureGroupName'"),
        ("", "null at 'featureGroupName'"),
        ("{", "is not valid JSON"),
        ("[]", "is a JSON list"),
        ("7", "is a JSON int"),
        ('"x"', "is a JSON str"),
        ('{"a":' * 5000, "is not valid JSON"),
        ('{"FeatureGroupName": NaN}', "is not valid JSON"),
        (b"\xff\xfe", "is not valid JSON"),
        ('{"FeatureGroupName": "\\ud800"}', "is not valid JSON"),
        ('{"FeatureGroupName": {}}', "must be a string"),
        ('{"FeatureGroupName": "x\\u0000"}', "regular expression pattern"),
        ('{"FeatureGroupName": "../x"}', "regular expression pattern"),
        ('{"FeatureGroupName": "' + "-" * 4_000_000 + '"}', "less than or equal to 256"),
        ('{"FeatureGroupName": "x", "Drop": 1}', "Member must be one of"),
    ],
)
def test_a_body_that_is_no_request_is_refused_with_words(body, words):
    status, code, message = refusal(call(body))

    assert (status, code) == (400, "ValidationException")
    assert words in message
    assert len(message) < 1000


def test_a_body_that_only_claims_to_be_base64_is_refused():
    event = http_event("POST", "/", headers={"x-amz-target": "SageMaker.Search"})

    answer = create_handler(control_plane())({**event, "body": "§", "isBase64Encoded": True}, None)

    assert refusal(answer)[:2] == (400, "ValidationException")


def test_of_a_member_that_stands_twice_the_last_one_counts():
    catalog = control_plane()
    call(create_request(), operation="CreateFeatureGroup", catalog=catalog)
    body = '{"FeatureGroupName": "nobody", "FeatureGroupName": "customers"}'

    assert call(body, catalog=catalog)["statusCode"] == 200


@pytest.mark.parametrize("target", ["SageMaker.ListModels", "DescribeFeatureGroup", "", "x" * 9000])
def test_an_unknown_target_is_told_what_is_served(target):
    event = http_event("POST", "/", body={}, headers={"x-amz-target": target})

    status, code, message = refusal(create_handler(control_plane())(event, None))

    assert (status, code) == (400, "UnknownOperationException")
    assert "CreateFeatureGroup, DescribeFeatureGroup, UpdateFeatureGroup" in message
    assert len(message) < 1000


def test_without_a_target_nothing_is_done():
    answer = create_handler(control_plane())(http_event("POST", "/", body={}), None)

    assert refusal(answer)[:2] == (400, "UnknownOperationException")


class _Failing(MemoryRegistry):
    def __init__(self, error):
        super().__init__()
        self._error = error

    def get(self, name):
        raise self._error


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ThrottlingException("slow down"), (400, "ThrottlingException", "slow down")),
        (ServiceUnavailable("no answer"), (503, "ServiceUnavailable", "no answer")),
    ],
)
def test_a_store_that_fails_is_told_apart_from_a_bad_request(error, answer):
    assert refusal(call(DESCRIBE, catalog=control_plane(_Failing(error)))) == answer


def test_a_bug_is_answered_without_its_details_and_logged_with_its_place(capsys):
    answer = call(DESCRIBE, catalog=control_plane(_Failing(KeyError("secret"))))

    assert refusal(answer)[:2] == (500, "InternalFailure")
    assert "secret" not in answer["body"]
    (line,) = capsys.readouterr().out.splitlines()
    assert "raise self._error" in json.loads(line)["trace"]
    assert json.loads(line)["trace"].endswith("KeyError")
    assert "secret" not in line


def test_each_request_is_one_line_of_the_log(capsys):
    call(DESCRIBE)

    (line,) = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    assert logged.pop("ms") >= 0
    assert (
        logged.items()
        >= {
            "level": "INFO",
            "operation": "DescribeFeatureGroup",
            "status": 400,
            "request_id": "req-1",
            "error": "ResourceNotFound",
        }.items()
    )
