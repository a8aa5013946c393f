"""What the exposure writer puts on S3, and its calls of the inference function."""

import io
import json

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from larder.errors import ServiceUnavailable, ThrottlingException, ValidationError
from larder.models.adapters.inference_scoring import InferenceScorer
from larder.models.adapters.s3_exposures import (
    S3CaptureStore,
    S3LineQuarantine,
    S3ParkedDeliveries,
)
from larder.models.capture_files import CaptureFile
from larder.models.record_exposures import LogLine
from larder.offline.adapters.redrive import S3FailureObjects
from tests.support.exposures import AT
from tests.support.models import served_model
from tests.support.moto_cloud import moto_cloud


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def s3(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    client = boto3.client("s3")
    for bucket in ("lake", "captures"):
        client.create_bucket(Bucket=bucket)
    return client


def body(s3, bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_equal_lines_share_one_object_of_the_quarantine(s3):
    quarantine = S3LineQuarantine(s3, "lake")
    keys = {quarantine.put(LogLine(f"e{n}", "{bad", AT // 1000), "why") for n in range(2)}
    [key] = keys
    assert key.startswith("exposures/quarantine/2023/11/14/")
    document = json.loads(body(s3, "lake", key))
    assert (document["reason"], document["line"]) == ("why", "{bad")


def test_parked_deliveries_are_listed_read_and_removed(s3):
    parked = S3ParkedDeliveries(S3FailureObjects(s3, "lake"))
    keys = [parked.put(each) for each in (b'{"a":1}', b'{"b":2}', b'{"a":1}')]
    assert keys[0] == keys[2]
    assert sorted(parked.listed()) == sorted(set(keys))
    assert parked.read(keys[1]) == b'{"b":2}'
    for key in set(keys):
        parked.remove(key)
    assert list(parked.listed()) == []
    assert parked.read(keys[0]) is None


def store(s3):
    return S3CaptureStore(s3, ("s3://captures/", "s3://lake/exposures/captures/", "s3://gone/"))


@pytest.mark.parametrize("address", ["s3://captures/x/a.jsonl", "s3://lake/exposures/captures/a"])
def test_a_capture_file_is_written_where_the_stage_allows_it(s3, address):
    store(s3).put(CaptureFile(address, b"{}\n", "", 1))
    bucket, _, key = address.removeprefix("s3://").partition("/")
    assert body(s3, bucket, key) == b"{}\n"


def test_a_capture_file_is_encrypted_by_the_key_that_is_named(s3):
    store(s3).put(CaptureFile("s3://captures/k.jsonl", b"{}\n", "alias/mine", 1))
    head = s3.head_object(Bucket="captures", Key="k.jsonl")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/mine")


@pytest.mark.parametrize(
    "address",
    ["s3://theirs/a", "s3://capturesX/a", "s3://lake/models/a", "s3://gone/a", "http://x/a"],
)
def test_elsewhere_nothing_is_written(s3, address):
    with pytest.raises(ValidationError):
        store(s3).put(CaptureFile(address, b"{}\n", "", 1))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, ValidationError),
        (400, ValidationError),
        (429, ThrottlingException),
        (503, ServiceUnavailable),
    ],
)
def test_a_refusal_that_lasts_is_told_from_one_that_passes(s3, monkeypatch, status, kind):
    def refuse(**_):
        details = {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(details, "PutObject")

    monkeypatch.setattr(s3, "put_object", refuse)
    with pytest.raises(kind):
        store(s3).put(CaptureFile("s3://captures/a", b"{}\n", "", 1))


class Lambda:
    """A client of Lambda that answers or raises."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def invoke(self, *, FunctionName, Payload):
        self.asked.append((FunctionName, json.loads(Payload)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


def test_vectors_are_scored_by_the_inference_function():
    client = Lambda({"scores": [[0.5], [None]]})
    one, other = InferenceScorer(client, "inference:live").score(served_model(), [[1.0], [2.0]])
    assert one == [0.5]
    assert other[0] != other[0]
    [(function, asked)] = client.asked
    assert function == "inference:live"
    assert asked["score"]["vectors"] == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "the artefact is gone"}, "the artefact is gone"),
        ({"scores": [[0.5]]}, "1 scores were answered for 2 vectors"),
        ({"errorMessage": "Task timed out"}, "failed"),
        ({"scores": 5}, "failed"),
        (ReadTimeoutError(endpoint_url="x"), "not reached"),
    ],
)
def test_a_function_that_does_not_score_is_said_to(answer, words):
    with pytest.raises(ServiceUnavailable, match=words):
        InferenceScorer(Lambda(answer), "f").score(served_model(), [[1.0], [2.0]])
