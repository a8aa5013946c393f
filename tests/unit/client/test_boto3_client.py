"""Records by boto3's client: what a program that changes over to it relies on."""

import boto3
import pytest
from botocore.exceptions import ClientError

from larder import DynamoRefused
from larder.errors import ThrottlingException
from tests.support.direct import records_client
from tests.support.groups import feature_group
from tests.support.stores import Refusing, Told

T1 = "9000-01-01T00:00:00Z"
NAME = {"FeatureGroupName": "customers"}
ID = {**NAME, "RecordIdentifierValueAsString": "c1"}


def record(identifier="c1"):
    values = {"customer_id": identifier, "event_time": T1}
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def test_a_record_is_put_and_got_in_boto3s_words():
    client = records_client().as_boto3()
    put = client.put_record(**NAME, Record=record(), TtlDuration={"Unit": "Days", "Value": 1})
    got = client.get_record(**ID, ExpirationTimeResponse="Enabled")
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert got.pop("ResponseMetadata")["RetryAttempts"] == 0
    assert got == {"Record": record(), "ExpiresAt": "9000-01-02T00:00:00Z"}


def test_paginators_are_botocores_own():
    client = records_client().as_boto3()
    for n in range(7):
        client.put_record(**NAME, Record=record(f"c{n}"))
    pages = client.get_paginator("list_records").paginate(**NAME, PaginationConfig={"PageSize": 3})
    listed = [each for page in pages for each in page["RecordIdentifiers"]]
    assert sorted(listed) == [f"c{n}" for n in range(7)]


def test_errors_are_typed_as_those_of_any_such_client():
    client = records_client().as_boto3()
    with pytest.raises(client.exceptions.ResourceNotFound, match="nope"):
        client.get_record(FeatureGroupName="nope", RecordIdentifierValueAsString="c1")
    with pytest.raises(client.exceptions.ValidationError) as refusal:
        client.put_record(**NAME, Record=record()[:1])
    assert refusal.value.operation_name == "PutRecord"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (ThrottlingException("slow down"), "ThrottlingException", 429),
        (
            DynamoRefused(400, "AccessDeniedException", "not authorized"),
            "AccessDeniedException",
            400,
        ),
    ],
)
def test_what_dynamodb_refuses_is_a_client_error_of_its_code(error, code, status):
    client = records_client(store=Refusing(error)).as_boto3()
    with pytest.raises(ClientError) as refusal:
        client.get_record(**ID)
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_the_caller_that_the_store_was_opened_for_is_the_clients():
    closed = feature_group(tags=(("larder:read:all", "arn:aws:iam::123456789012:role/Reader"),))
    client = records_client(closed, caller="arn:aws:iam::123456789012:user/eve").as_boto3()
    with pytest.raises(client.exceptions.AccessForbidden):
        client.get_record(**ID)


def test_a_client_reads_as_consistently_as_it_was_asked_to():
    told = Told()
    store = records_client(store=told)
    store.as_boto3().get_record(**ID)
    store.as_boto3(consistency="eventual").get_record(**ID)
    assert told.asked == ["default", "eventual"]


def test_other_clients_of_the_process_are_left_alone():
    store = records_client()
    store.as_boto3()
    other = boto3.client("sagemaker-featurestore-runtime", endpoint_url="http://127.0.0.1:9")
    assert type(other).__mro__[1].__module__.startswith("botocore")
