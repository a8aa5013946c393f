"""The endpoint's HTTP, without a client that would never send such requests."""

import http.client
import json
from urllib.parse import urlsplit

import pytest


def post(endpoint, body, target="AmazonAthena.GetQueryExecution", **headers):
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    connection.request("POST", "/", body, {"X-Amz-Target": target, **headers})
    response = connection.getresponse()
    answer = (response.status, response.read().decode())
    connection.close()
    return answer


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"QueryExecutionId": 7}', '{"QueryExecutionId": null}']
)
def test_malformed_bodies_are_refused_and_never_a_server_error(endpoint, body):
    status, document = post(endpoint, body)

    assert status == 400
    assert json.loads(document)["__type"] in ("SerializationException", "InvalidRequestException")


def test_a_body_beyond_the_limit_is_refused_unread(endpoint):
    status, _ = post(endpoint, "", **{"Content-Length": str(1 << 30)})

    assert status == 400


def test_health_is_answered_and_nothing_else_is_found(endpoint):
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    statuses = []
    for path in ("/health", "/else"):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()

    assert statuses == [200, 404]
