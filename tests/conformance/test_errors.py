"""Errors: refused, typed, and tried again where that helps."""

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config

from larder import errors
from larder.wire.errors import control_error, internal_failure, runtime_error
from tests.conformance.refusals import code, refusal
from tests.conformance.store import AT, CONTROL, ID, RUNTIME, T0, T1, reading, values


def answering(client, *answers):
    """Let the client's first attempts be answered so, and the rest go to the endpoint."""
    waiting = list(answers)

    def answer(request, **_):
        if not waiting:
            return None
        given = waiting.pop(0)
        return AWSResponse(
            request.url, given["statusCode"], HeadersDict(given["headers"]), Raw(given["body"])
        )

    client.meta.events.register("before-send", answer)
    return client


class Raw:
    def __init__(self, text):
        self.text = text.encode()

    def stream(self, **_):
        yield self.text


def test_row_012_errors_are_typed_in_header_and_body(store, group, v2_group, key):
    rt, sm = store.rt.exceptions, store.sm.exceptions
    store.put(v2_group, key, T1)
    with pytest.raises(rt.ResourceNotFound):
        store.get("no-such-group", key)
    with pytest.raises(rt.ConflictException):
        store.update(v2_group, key, {AT: T0})
    with pytest.raises(sm.ResourceNotFound):
        store.sm.describe_feature_group(FeatureGroupName="no-such-group")
    with pytest.raises(sm.ResourceInUse):
        store.sm.create_feature_group(**store.request(group))
    with pytest.raises(rt.ValidationError) as refused:
        store.put(group, key, "yesterday")
    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-errortype"] == "ValidationError"


@pytest.mark.parametrize(
    ("service", "name", "answer"),
    [
        (RUNTIME, "AccessForbidden", runtime_error(errors.AccessForbidden("no"), "r")),
        (RUNTIME, "ServiceUnavailable", runtime_error(errors.ServiceUnavailable("down"), "r")),
        (RUNTIME, "InternalFailure", internal_failure("r")),
        (
            CONTROL,
            "ResourceLimitExceeded",
            control_error(errors.ResourceLimitExceeded("full"), "r"),
        ),
    ],
)
def test_row_012_what_no_endpoint_does_on_demand_is_typed_too(store, group, service, name, answer):
    client = answering(
        boto3.client(service, config=Config(retries={"total_max_attempts": 1})), answer
    )
    call, members = reading(client, group)
    with pytest.raises(getattr(client.exceptions, name)):
        call(**members)


def test_row_013_every_answer_has_a_request_id(store, group):
    assert store.answer(group, "x")["ResponseMetadata"]["RequestId"]
    assert store.sm.list_feature_groups()["ResponseMetadata"]["RequestId"]
    assert refusal(store.get, group="no-such-group", identifier="x").response["ResponseMetadata"][
        "RequestId"
    ]


def test_row_014_a_throttled_client_tries_again_and_succeeds(group):
    error = errors.ThrottlingException("slow down")
    for service, worded in ((RUNTIME, runtime_error), (CONTROL, control_error)):
        client = answering(boto3.client(service), *[worded(error, "r")] * 2)
        call, members = reading(client, group)
        assert call(**members)["ResponseMetadata"]["RetryAttempts"] == 2


def test_row_015_an_operation_that_is_not_served_is_a_clear_error(store):
    error = refusal(store.sm.list_training_jobs)
    assert 400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert "CreateFeatureGroup" in str(error)


def test_row_016_what_boto3_lets_through_is_refused_by_the_server(store, group, key):
    record = values({ID: key, AT: T0})
    put = {"FeatureGroupName": group, "Record": record}
    ids = [f"{key}-{number}" for number in range(101)]
    many = {"FeatureGroupName": group, "RecordIdentifiersValueAsString": ids}
    for call, members in [
        (store.rt.put_record, put | {"FeatureGroupName": "bad name!"}),
        (store.rt.put_record, put | {"TtlDuration": {"Unit": "Years", "Value": 1}}),
        (store.rt.put_record, put | {"TargetStores": ["Attic"]}),
        (store.rt.batch_get_record, {"Identifiers": [many]}),
        (store.rt.batch_write_record, {"Entries": [put] * 26}),
        (store.rt.list_records, {"FeatureGroupName": group, "MaxResults": 101}),
    ]:
        assert code(call, **members) == "ValidationError", members
    assert code(store.sm.list_feature_groups, MaxResults=101) == "ValidationException"
    assert store.get(group, key) is None
