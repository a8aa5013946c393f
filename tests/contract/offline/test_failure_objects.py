"""Failure objects on S3, for redriving and for the drain, which may run at the same time."""

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.offline.adapters.redrive import LambdaWriter, S3FailureObjects


@pytest.fixture
def objects():
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="history")
        s3.put_object(Bucket="history", Key="aws/lambda/1", Body=b"one")
        yield S3FailureObjects(s3, "history")


def test_an_object_is_listed_read_and_deleted(objects):
    assert list(objects.list("aws/lambda/")) == ["aws/lambda/1"]
    assert objects.read("aws/lambda/1") == b"one"
    objects.delete("aws/lambda/1")
    assert list(objects.list("aws/lambda/")) == []


def test_an_object_that_is_gone_reads_as_nothing(objects):
    assert objects.read("aws/lambda/2") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, AccessForbidden), (500, ServiceUnavailable), (503, ServiceUnavailable)],
)
@pytest.mark.parametrize("call", ["list", "read", "delete"])
def test_a_refusal_of_s3_is_an_error_that_redriving_knows(call, status, kind):
    s3 = boto3.client("s3", region_name="us-east-1")
    methods = {"list": "list_objects_v2", "read": "get_object", "delete": "delete_object"}
    with Stubber(s3) as stub:
        stub.add_client_error(methods[call], "Refused", http_status_code=status)
        with pytest.raises(kind):
            getattr(S3FailureObjects(s3, "history"), call)("aws/lambda/1")


def test_a_writer_that_answers_no_json_is_an_error_that_redriving_knows():
    class Client:
        def invoke(self, **_):
            return {"Payload": self}

        def read(self):
            return b"<html>"

    with pytest.raises(ServiceUnavailable, match="<html>"):
        LambdaWriter(Client(), "writer").invoke(b"{}")
