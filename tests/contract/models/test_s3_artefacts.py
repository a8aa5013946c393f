"""Models' files from S3: signed as botocore signs, checked by their digest, refused in words."""

import hashlib

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from moto.server import ThreadedMotoServer

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.environment import service_endpoint
from larder.aws.signed_http import SignedHttp
from larder.errors import ServiceUnavailable
from larder.models.adapters.s3_artefacts import SECONDS, S3Artefacts
from larder.models.errors import ModelError
from tests.support.botocore_clock import stop_botocores_clock

WHO = Credentials("AKID", "secret", "token")
DATA = bytes(range(256)) * 5_000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def address():
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="lake")
    client.put_object(Bucket="lake", Key=f"models/{SHA}", Body=DATA)
    client.put_object(Bucket="lake", Key=f"models/{'0' * 64}", Body=b"changed")
    yield url
    server.stop()


def artefacts(url):
    service = SignedHttp(Endpoint.at(url, "us-east-1"), "s3", lambda: WHO, SECONDS)
    return S3Artefacts(service, "lake")


def test_a_file_is_read_whole(address):
    assert artefacts(address).read(SHA) == DATA


def test_a_changed_file_and_a_missing_one_are_errors_of_the_model(address):
    with pytest.raises(ModelError, match=r"it was changed. Create the model again"):
        artefacts(address).read("0" * 64)
    with pytest.raises(ModelError, match=r"HTTP 404.*gone, or the inference function lacks"):
        artefacts(address).read("1" * 64)


def test_a_store_that_does_not_answer_is_unavailable():
    with pytest.raises(ServiceUnavailable, match="ConnectionRefusedError"):
        artefacts("http://127.0.0.1:1").read(SHA)


@pytest.mark.parametrize("who", [WHO, Credentials("AKID", "secret")])
def test_the_signature_is_botocores(monkeypatch, who):
    url, path = "https://s3.eu-west-1.amazonaws.com", f"/lake/models/{SHA}"
    endpoint = Endpoint.at(url, "eu-west-1")
    made = SignedHttp(endpoint, "s3", lambda: who, SECONDS, lambda: 1_700_000_000.0)
    ours = made.headers("GET", path)
    request = AWSRequest("GET", url + path)
    stop_botocores_clock(monkeypatch, 1_700_000_000)
    theirs = BotoCredentials(who.access_key, who.secret_key, who.token)
    S3SigV4Auth(theirs, "s3", "eu-west-1").add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-content-sha256"] == request.headers["X-Amz-Content-SHA256"]


@pytest.mark.parametrize(
    ("env", "partition", "host", "port"),
    [
        ({}, "aws", "s3.eu-west-1.amazonaws.com", 443),
        ({}, "aws-cn", "s3.eu-west-1.amazonaws.com.cn", 443),
        ({"AWS_ENDPOINT_URL": "http://h:1"}, "aws", "h", 1),
        ({"AWS_ENDPOINT_URL": "http://h:1", "AWS_ENDPOINT_URL_S3": "http://s:2"}, "aws", "s", 2),
    ],
)
def test_the_address_is_the_sdks(env, partition, host, port):
    found = service_endpoint("s3", "eu-west-1", partition, env)
    assert (found.host, found.port) == (host, port)
