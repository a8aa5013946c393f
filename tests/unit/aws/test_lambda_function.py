"""A Lambda function is invoked by a request that AWS would accept, and its failures are told apart."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.environment import service_endpoint
from larder.aws.lambda_function import SECONDS, LambdaFunction
from larder.aws.signed_http import SignedHttp
from larder.errors import ServiceUnavailable, ThrottlingException

ARN = "arn:aws:lambda:us-east-1:123456789012:function:larder-dev-Inference:live"
MOMENT = 1_700_000_000.0


class Server:
    """Answers every request with ``status``, ``headers`` and ``body``, and keeps the last one."""

    def __init__(self):
        self.status, self.headers, self.body, self.seen = 200, {}, b'{"ok":true}', None


@contextmanager
def serving():
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["content-length"])
            served.seen = (self.path, dict(self.headers), self.rfile.read(length))
            self.send_response(served.status)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(served.body)))
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, *_):
            """Nothing on stderr."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def function(url, token=None):
    endpoint = Endpoint.at(url, "us-east-1")
    who = Credentials("AKID", "secret", token)
    service = SignedHttp(endpoint, "lambda", lambda: who, SECONDS, clock=lambda: MOMENT)
    return LambdaFunction(service, ARN)


@pytest.mark.parametrize("token", [None, "a/session+token="])
def test_the_signature_is_botocores_own(token):
    with serving() as (served, url):
        assert function(url, token).invoke(b'{"warm":1}') == b'{"ok":true}'

    path, headers, body = served.seen
    assert body == b'{"warm":1}'
    assert path == f"/2015-03-31/functions/{ARN.replace(':', '%3A')}/invocations"
    theirs = AWSRequest("POST", f"{url}{path}", data=body, headers={})
    auth = SigV4Auth(BotoCredentials("AKID", "secret", token), "lambda", "us-east-1")
    theirs.context["timestamp"] = "20231114T221320Z"
    auth._modify_request_before_signing(theirs)
    canonical = auth.canonical_request(theirs)
    expected = auth.signature(auth.string_to_sign(theirs, canonical), theirs)
    assert headers["authorization"].rpartition("Signature=")[2] == expected
    assert headers["x-amz-date"] == "20231114T221320Z"


@pytest.mark.parametrize(
    ("status", "headers", "error", "words"),
    [
        (429, {}, ThrottlingException, "no execution free"),
        (200, {"X-Amz-Function-Error": "Unhandled"}, ServiceUnavailable, "Unhandled"),
        (403, {}, ServiceUnavailable, "failed .403."),
        (500, {}, ServiceUnavailable, "failed .500."),
    ],
)
def test_a_failure_is_named(status, headers, error, words):
    with serving() as (served, url):
        served.status, served.headers, served.body = status, headers, b'{"errorMessage":"why"}'
        with pytest.raises(error, match=words):
            function(url).invoke(b"{}")


def test_silence_is_told_from_an_answer():
    with serving() as (_, url):
        gone = function(url)
    with pytest.raises(ServiceUnavailable, match="did not answer"):
        gone.invoke(b"{}")


@pytest.mark.parametrize(
    ("env", "partition", "host"),
    [
        ({}, "aws", "lambda.us-east-1.amazonaws.com"),
        ({}, "aws-cn", "lambda.us-east-1.amazonaws.com.cn"),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "aws", "lambda-fips.us-east-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://all:1"}, "aws", "all"),
        ({"AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_LAMBDA": "http://l:2"}, "aws", "l"),
    ],
)
def test_the_endpoint_is_that_of_the_sdks_variables(env, partition, host):
    assert service_endpoint("lambda", "us-east-1", partition, env).host == host
