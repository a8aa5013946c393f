"""Operations that Larder has not, on their way to SageMaker's own endpoint and back."""

import json
import re
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from lambdas.control.routes import create_handler
from larder.errors import ConfigurationError
from larder.wire.adapters.forwarding import SageMakerForwarder, open_forwarder
from tests.support.control import control_plane
from tests.support.doors import bound_client
from tests.support.events import http_event

ROLE = Credentials("AKIDROLE", "secret", "session-token")
MODELS = {"Models": [{"ModelName": "m", "ModelArn": "arn:x", "CreationTime": 1.5}]}


class Stub(HTTPServer):
    """SageMaker as far as it matters: remembers requests and gives one answer to all."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.requests = []
        self.answer = (200, {"x-amzn-RequestId": "theirs"}, json.dumps(MODELS))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        status, headers, text = self.server.answer
        self.send_response(status)
        content = {"content-type": "application/x-amz-json-1.1", "set-cookie": "no=1"}
        for name, value in (content | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def sagemaker():
    stub = Stub()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stub
    stub.shutdown()
    thread.join()
    stub.server_close()


def forwarder(url, timeout=5.0):
    return SageMakerForwarder(url, "eu-west-1", ROLE, ssl.create_default_context(), timeout)


def client_of(url):
    handler = create_handler(control_plane(), None, forwarder(url))
    return bound_client("sagemaker", handler, ours=False)


def test_an_unknown_operation_is_answered_by_sagemaker_itself(sagemaker):
    answer = client_of(sagemaker.url).list_models(NameContains="m")
    assert answer["Models"][0]["ModelName"] == "m"
    assert answer["ResponseMetadata"]["RequestId"] == "theirs"
    ((path, headers, body),) = sagemaker.requests
    assert path == "/"
    assert headers["x-amz-target"] == "SageMaker.ListModels"
    assert json.loads(body) == {"NameContains": "m"}


def test_it_is_signed_by_the_functions_role_for_sagemaker(sagemaker):
    client_of(sagemaker.url).list_models()
    _, headers, body = sagemaker.requests[0]
    signed = headers["Authorization"]
    assert re.search(r"Credential=AKIDROLE/\d{8}/eu-west-1/sagemaker/aws4_request", signed)
    assert headers["X-Amz-Security-Token"] == "session-token"
    assert signed == _signature(sagemaker.url, headers, body)


def _signature(url, headers, body):
    """The same request signed by botocore at the same second, as a server verifies it."""
    names = re.search(r"SignedHeaders=([^,]*)", headers["Authorization"])[1].split(";")
    sent = {name.lower(): value for name, value in headers.items()}
    request = AWSRequest("POST", f"{url}/", {n: sent[n] for n in names}, body)
    request.context["timestamp"] = sent["x-amz-date"]
    signer = SigV4Auth(ROLE, "sagemaker", "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    head = headers["Authorization"].rpartition("=")[0]
    return f"{head}={signer.signature(text, request)}"


def test_its_errors_come_back_as_they_are(sagemaker):
    body = json.dumps({"__type": "ResourceLimitExceeded", "Message": "theirs"})
    sagemaker.answer = (400, {}, body)
    with pytest.raises(ClientError) as refused:
        client_of(sagemaker.url).create_model(
            ModelName="m", ExecutionRoleArn="arn:aws:iam::1:role/x"
        )
    assert refused.value.response["Error"] == {"Code": "ResourceLimitExceeded", "Message": "theirs"}


def test_nothing_else_of_the_answer_or_the_request_is_passed(sagemaker):
    handler = create_handler(control_plane(), None, forwarder(sagemaker.url))
    headers = {"x-amz-target": "SageMaker.ListModels", "cookie": "a", "authorization": "theirs"}
    answer = handler(http_event("POST", "/", body={}, headers=headers), None)
    assert set(answer["headers"]) == {"content-type", "x-amzn-requestid"}
    _, sent, _ = sagemaker.requests[0]
    assert "cookie" not in {name.lower() for name in sent}
    assert "theirs" not in sent["Authorization"]


def test_what_larder_serves_is_never_forwarded(sagemaker):
    assert client_of(sagemaker.url).list_feature_groups()["FeatureGroupSummaries"] == []
    assert sagemaker.requests == []


@pytest.mark.parametrize("target", ["", "ListModels", "SageMaker.", "SageMaker.a\r\nb", "Other.X"])
def test_what_is_no_operation_of_sagemaker_is_refused_here(sagemaker, target):
    handler = create_handler(control_plane(), None, forwarder(sagemaker.url))
    answer = handler(http_event("POST", "/", body={}, headers={"x-amz-target": target}), None)
    assert json.loads(answer["body"])["__type"] == "UnknownOperationException"
    assert sagemaker.requests == []


def test_silence_is_told_as_such():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        handler = create_handler(control_plane(), None, forwarder(url, timeout=0.05))
        event = http_event("POST", "/", body={}, headers={"x-amz-target": "SageMaker.ListModels"})
        answer = handler(event, None)
    assert (answer["statusCode"], answer["headers"]["x-amzn-errortype"]) == (
        503,
        "ServiceUnavailable",
    )
    assert f"SageMaker did not answer at {url}" in answer["body"]


def test_by_default_nothing_is_forwarded():
    assert open_forwarder("", "eu-west-1") is None


def test_the_role_is_that_of_the_process(sagemaker):
    opened = open_forwarder(sagemaker.url, "eu-west-1")
    assert opened.credentials.access_key == "testing"


def test_without_credentials_the_function_does_not_start(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(botocore.session.Session, "get_credentials", lambda _: None)
    with pytest.raises(ConfigurationError, match="There are no credentials to sign"):
        open_forwarder("https://example.org", "eu-west-1")
