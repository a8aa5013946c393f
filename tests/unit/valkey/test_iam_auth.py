"""Tokens for ElastiCache: byte for byte what botocore presigns, and made again in time."""

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.valkey.iam_auth import IamAuthentication
from tests.support.botocore_clock import stop_botocores_clock

NOON = 1_767_268_800
MINUTE = 60
WHO = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "to/ken+==")
OTHER = Credentials("AKIDOTHER", "secret")


def presigned(monkeypatch, who, at, *, user="larder", serverless=True):
    stop_botocores_clock(monkeypatch, at)
    members = {"Action": "connect", "User": user}
    if serverless:
        members["ResourceType"] = "ServerlessCache"
    request = AWSRequest("GET", "http://my-cache/", params=members)
    boto = BotoCredentials(who.access_key, who.secret_key, who.token)
    SigV4QueryAuth(boto, "elasticache", "eu-west-1", expires=900).add_auth(request)
    return request.url.removeprefix("http://")


def authentication(credentials=lambda: WHO, clock=lambda: NOON, **options):
    given = {"cache": "my-cache", "user": "larder"} | options
    return IamAuthentication(region="eu-west-1", credentials=credentials, clock=clock, **given)


@pytest.mark.parametrize("who", [WHO, OTHER])
@pytest.mark.parametrize("serverless", [True, False])
@pytest.mark.parametrize("user", ["larder", "a b&c=d/é"])
def test_a_token_is_the_request_that_botocore_presigns(monkeypatch, who, serverless, user):
    expected = presigned(monkeypatch, who, NOON, user=user, serverless=serverless)
    given = authentication(lambda: who, user=user, serverless=serverless)()
    assert given == (user, expected)


def test_a_caches_name_is_signed_as_elasticache_keeps_it():
    assert authentication(cache="My-Cache")() == authentication()()


def test_a_token_is_used_again_until_it_is_14_minutes_old(monkeypatch):
    now = NOON
    tokens = authentication(clock=lambda: now)
    first = tokens()
    now = NOON + 14 * MINUTE - 1
    assert tokens() == first
    now = NOON + 14 * MINUTE
    assert tokens() == ("larder", presigned(monkeypatch, WHO, now)) != first


def test_a_clock_that_was_set_back_makes_a_new_token(monkeypatch):
    now = NOON
    tokens = authentication(clock=lambda: now)
    tokens()
    now = NOON - MINUTE
    assert tokens() == ("larder", presigned(monkeypatch, WHO, now))


def test_other_credentials_make_another_token(monkeypatch):
    who = WHO
    tokens = authentication(lambda: who)
    tokens()
    who = OTHER
    assert tokens() == ("larder", presigned(monkeypatch, OTHER, NOON))
