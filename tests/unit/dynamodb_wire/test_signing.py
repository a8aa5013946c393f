"""Signatures, byte for byte those of botocore."""

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.signing import Signer
from tests.support.botocore_clock import stop_botocores_clock

DAY = 86_400
NOON = 1_767_268_800


def by_botocore(monkeypatch, url, who, body, at, operation="GetItem"):
    stop_botocores_clock(monkeypatch, at)
    target = f"DynamoDB_20120810.{operation}"
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
    request = AWSRequest("POST", url, data=body, headers=headers)
    boto = BotoCredentials(who.access_key, who.secret_key, who.token)
    SigV4Auth(boto, "dynamodb", "eu-west-1").add_auth(request)
    return request.headers["Authorization"]


def by_larder(signer, body, operation="GetItem"):
    head, _, sent = signer.request(operation, body).partition(b"\r\n\r\n")
    assert sent == body
    first, *lines = head.decode().split("\r\n")
    assert first == "POST / HTTP/1.1"
    return dict(line.split(":", 1) for line in lines)


@pytest.mark.parametrize("token", [None, "to/ken+=="])
@pytest.mark.parametrize(
    "url", ["https://dynamodb.eu-west-1.amazonaws.com", "http://127.0.0.1:4566", "http://[::1]:80"]
)
@pytest.mark.parametrize("body", [b"{}", '{"ä":"\u2028"}'.encode(), b"x" * 100_000])
def test_a_signature_is_the_one_that_botocore_makes(monkeypatch, token, url, body):
    who = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    signer = Signer(Endpoint.at(url, "eu-west-1"), lambda: who, clock=lambda: NOON)
    sent = by_larder(signer, body)
    assert sent["authorization"] == by_botocore(monkeypatch, url, who, body, NOON)
    assert sent["content-length"] == str(len(body))
    assert sent.get("x-amz-security-token") == token


def test_the_kept_key_follows_the_day_and_the_credentials(monkeypatch):
    url = "https://dynamodb.eu-west-1.amazonaws.com"
    now, who = NOON, Credentials("A1", "one", "t1")
    signer = Signer(Endpoint.at(url, "eu-west-1"), lambda: who, clock=lambda: now)
    for now in (NOON, NOON + 1, NOON + DAY, NOON + DAY):
        for who in (Credentials("A1", "one", "t1"), Credentials("A2", "two", "t2")):
            expected = by_botocore(monkeypatch, url, who, b"{}", now)
            assert by_larder(signer, b"{}")["authorization"] == expected


def test_what_requests_of_one_second_share_is_neither_body_nor_operation(monkeypatch):
    url, who = "https://dynamodb.eu-west-1.amazonaws.com", Credentials("A1", "one", "t1")
    signer = Signer(Endpoint.at(url, "eu-west-1"), lambda: who, clock=lambda: NOON)
    for body in (b"{}", b'{"a":1}', b"{}"):
        for operation in ("GetItem", "UpdateItem"):
            sent = by_larder(signer, body, operation)
            expected = by_botocore(monkeypatch, url, who, body, NOON, operation)
            assert sent["authorization"] == expected
            assert sent["x-amz-target"] == f"DynamoDB_20120810.{operation}"
            assert sent["content-length"] == str(len(body))
