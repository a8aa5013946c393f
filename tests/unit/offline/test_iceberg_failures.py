"""How failures around an offline table are told apart, and where the catalog is looked for."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from pyiceberg.exceptions import CommitFailedException, NoSuchIcebergTableError, NoSuchTableError

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.offline.adapters.iceberg.catalog import file_properties, glue_client
from larder.offline.adapters.iceberg.errors import FileMissing, translated_errors
from larder.offline.ports import TableUnusable


def refusal(code, status=400):
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "UpdateTable")


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (NoSuchTableError(), TableUnusable),
        (NoSuchIcebergTableError(), TableUnusable),
        (refusal("AccessDeniedException"), AccessForbidden),
        (PermissionError("no"), AccessForbidden),
        (OSError("AWS Error ACCESS_DENIED during PutObject operation"), AccessForbidden),
        (OSError("AWS Error UNKNOWN (HTTP status 403) during HeadObject"), AccessForbidden),
        (OSError("AWS Error SLOW_DOWN during PutObject operation"), ServiceUnavailable),
        (FileNotFoundError("a compaction removed it"), FileMissing),
        (refusal("ThrottlingException"), ServiceUnavailable),
        (refusal("Whatever", status=503), ServiceUnavailable),
        (EndpointConnectionError(endpoint_url="http://glue"), ServiceUnavailable),
        (ReadTimeoutError(endpoint_url="http://glue"), ServiceUnavailable),
        (refusal("InvalidInputException"), ClientError),
        (CommitFailedException(), CommitFailedException),
        (KeyError("a bug"), KeyError),
    ],
    ids=repr,
)
def test_a_failure_is_told_as(failure, told):
    with pytest.raises(told) as caught, translated_errors("db.table"):
        raise failure
    assert type(caught.value) is told


def test_on_aws_the_region_alone_is_given():
    properties = file_properties({"AWS_REGION": "eu-west-1"})
    assert properties["s3.region"] == "eu-west-1"
    assert "s3.endpoint" not in properties


def test_an_endpoint_of_s3_alone_goes_before_that_of_all_services():
    env = {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://all"}
    assert file_properties(env)["s3.endpoint"] == "http://all"
    assert file_properties(env | {"AWS_ENDPOINT_URL_S3": "http://s3"})["s3.endpoint"] == "http://s3"


def test_the_glue_client_sends_every_request_once():
    assert glue_client().meta.config.retries["total_max_attempts"] == 1
