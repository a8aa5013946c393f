"""Where the client goes, and in whose name."""

import pytest

from larder.adapters.dynamodb_wire.credentials import Credentials
from larder.adapters.dynamodb_wire.endpoint import Endpoint
from larder.adapters.dynamodb_wire.environment import credentials_from, endpoint_from
from larder.errors import ConfigurationError


@pytest.mark.parametrize(
    ("variables", "partition", "authority", "tls"),
    [
        ({}, "aws", "dynamodb.eu-west-1.amazonaws.com", True),
        ({}, "aws-cn", "dynamodb.eu-west-1.amazonaws.com.cn", True),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "aws", "dynamodb-fips.eu-west-1.amazonaws.com", True),
        ({"AWS_ENDPOINT_URL": "http://localhost:4566/"}, "aws", "localhost:4566", False),
        ({"AWS_ENDPOINT_URL": "https://[::1]:443"}, "aws", "[::1]", True),
        (
            {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://b:2"},
            "aws",
            "b:2",
            False,
        ),
    ],
)
def test_the_endpoint_is_the_one_that_the_sdks_variables_name(variables, partition, authority, tls):
    endpoint = endpoint_from("eu-west-1", partition, variables)
    assert (endpoint.authority, endpoint.tls) == (authority, tls)


@pytest.mark.parametrize("url", ["localhost:4566", "ftp://x", "http://", "http://x/path"])
def test_an_endpoint_that_is_none_is_refused_with_its_form(url):
    with pytest.raises(ConfigurationError, match="http"):
        Endpoint.at(url, "eu-west-1")


def test_credentials_are_those_of_the_environment():
    variables = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    assert credentials_from(variables)() == Credentials("A", "s", "t")
    assert credentials_from({**variables, "AWS_SESSION_TOKEN": ""})() == Credentials("A", "s")


def test_without_them_botocores_chain_is_asked(monkeypatch, tmp_path):
    profile = tmp_path / "credentials"
    profile.write_text("[default]\naws_access_key_id = P\naws_secret_access_key = q\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    assert credentials_from({})() == Credentials("P", "q")


def test_where_nobody_has_any_it_is_said_at_the_start(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="No AWS credentials"):
        credentials_from({})
