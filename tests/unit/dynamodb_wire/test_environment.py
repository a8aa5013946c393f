"""Where the client goes, and in whose name."""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.environment import credentials_from, endpoint_from
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


@pytest.fixture
def container():
    """Lambda's endpoint for the credentials of a function that starts from a snapshot."""
    asked = []

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers["Authorization"])
            # Five minutes are so few that the next use asks again, as after hours in a snapshot.
            end = datetime.now(UTC) + timedelta(minutes=5)
            key = {"AccessKeyId": f"K{len(asked)}", "SecretAccessKey": "s", "Token": "t"}
            body = json.dumps({**key, "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Keys)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/keys", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_function_restored_from_a_snapshot_renews_the_credentials_that_are_in_it(
    container, monkeypatch
):
    url, asked = container
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "at-init")
    current = credentials_from({})
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "restored")
    assert current().access_key == f"K{len(asked)}"
    assert (asked[0], asked[-1]) == ("at-init", "restored")
