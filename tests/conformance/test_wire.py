"""Protocol: addressing, encoding, signatures, errors."""

import json

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from larder import errors
from larder.wire.errors import control_error, internal_failure, runtime_error
from tests.conformance.store import AT, ID, T0, T1, T2, as_dict, code, refusal, values

RUNTIME, CONTROL = "sagemaker-featurestore-runtime", "sagemaker"
ODD = "a/b c+d,é&=?%20"


def authorization(client, call, **members):
    """The Authorization header that a call is sent with, and the call's answer."""
    sent = []
    client.meta.events.register(
        "before-send", lambda request, **_: sent.append(request.headers["Authorization"])
    )
    answer = call(**members)
    header = sent[-1]
    return (header.decode() if isinstance(header, bytes) else header), answer


def answering(client, *answers):
    """Let the client's first attempts be answered so, and the rest go to the endpoint."""
    waiting = list(answers)

    def answer(request, **_):
        if not waiting:
            return None
        given = waiting.pop(0)
        return AWSResponse(request.url, given["statusCode"], given["headers"], Raw(given["body"]))

    client.meta.events.register("before-send", answer)
    return client


class Raw:
    def __init__(self, text):
        self.text = text.encode()

    def stream(self, **_):
        yield self.text


def without_overlay(service):
    """A client that signs as botocore's own model has it."""
    session = botocore.session.Session()
    session.set_config_variable("data_path", None)
    return session.create_client(service)


def test_row_001_plain_clients_live_a_groups_whole_life(store):
    name = store.create("life", offline=True)
    store.put(name, "1", T0, {"city": "Ulm"})
    assert store.get(name, "1") == {ID: "1", AT: T0, "city": "Ulm"}
    store.sm.delete_feature_group(FeatureGroupName=name)
    store.wait_gone(name)


@pytest.mark.parametrize("service", [RUNTIME, CONTROL])
def test_row_002_with_the_overlay_files_requests_are_signed_for_the_gateway(store, group, service):
    client = boto3.client(service)
    call, asked = (
        {
            RUNTIME: (client.get_record, {"RecordIdentifierValueAsString": "x"}),
            CONTROL: (client.describe_feature_group, {}),
        }[service]
        if service == RUNTIME
        else (client.describe_feature_group, {})
    )
    header, answer = authorization(client, call, FeatureGroupName=group, **asked)
    assert "/execute-api/aws4_request" in header
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_row_003_one_line_before_signing_does_the_same(group):
    client = without_overlay(RUNTIME)
    client.meta.events.register(
        "before-sign",
        lambda request, **_: request.context.update(signing={"signing_name": "execute-api"}),
    )
    asked = {"FeatureGroupName": group, "RecordIdentifierValueAsString": "x"}
    header, answer = authorization(client, client.get_record, **asked)
    assert "/execute-api/aws4_request" in header
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.fixture(scope="module")
def stranger(store):
    """The key of a user to whom nothing is allowed."""
    iam, name = boto3.client("iam"), f"conf-{store.target.run}-stranger"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_row_004_a_caller_without_permission_is_refused(group, stranger):
    read = boto3.client(RUNTIME, **stranger).get_record
    error = refusal(read, FeatureGroupName=group, RecordIdentifierValueAsString="x")
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    error = refusal(
        boto3.client(CONTROL, **stranger).describe_feature_group, FeatureGroupName=group
    )
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_row_005_a_group_is_addressed_by_its_arn_in_paths(store, v2_group, key):
    arn = store.sm.describe_feature_group(FeatureGroupName=v2_group)["FeatureGroupArn"]
    store.put(arn, key, T0, {"city": "Ulm"})
    store.update(arn, key, {"clicks": "1"})
    assert store.get(arn, key) == {ID: key, AT: T0, "city": "Ulm", "clicks": "1"}
    assert key in store.listed(arn)
    store.delete(arn, key, T1)
    assert store.get(v2_group, key) is None


def test_row_006_a_group_is_addressed_by_its_arn_in_bodies(store, group, arn, key):
    entry = {"FeatureGroupName": arn, "Record": values({ID: key, AT: T0})}
    assert store.rt.batch_write_record(Entries=[entry])["Errors"] == []
    assert len(store.batch_get((arn, [key]))["Records"]) == 1
    assert store.sm.describe_feature_group(FeatureGroupName=arn)["FeatureGroupName"] == group
    about = {"FeatureGroupName": arn, "FeatureName": "city"}
    store.sm.update_feature_metadata(**about, Description="where")
    assert store.sm.describe_feature_metadata(**about)["Description"] == "where"
    name = store.create("by-arn")
    other = store.sm.describe_feature_group(FeatureGroupName=name)["FeatureGroupArn"]
    addition = {"FeatureName": "more", "FeatureType": "String"}
    assert (
        store.sm.update_feature_group(FeatureGroupName=other, FeatureAdditions=[addition])[
            "FeatureGroupArn"
        ]
        == other
    )


@pytest.mark.parametrize("part", ["account", "region"])
def test_row_007_an_arn_of_elsewhere_is_never_answered_with_local_data(
    store, group, arn, key, part
):
    store.put(group, key, T0)
    fields = arn.split(":")
    fields[4 if part == "account" else 3] = "210987654321" if part == "account" else "eu-south-2"
    elsewhere = ":".join(fields)
    refusal(store.get, group=elsewhere, identifier=key)
    refusal(store.put, group=elsewhere, identifier=key, at=T1)
    refusal(store.sm.describe_feature_group, FeatureGroupName=elsewhere)
    batch = store.batch_get((elsewhere, [key]))
    assert (len(batch["Records"]), len(batch["Errors"])) == (0, 1)


def test_row_008_an_identifier_of_any_characters_survives_every_operation(store, group):
    store.put(group, ODD, T0, {"city": ODD})
    assert store.get(group, ODD) == {ID: ODD, AT: T0, "city": ODD}
    (found,) = store.batch_get((group, [ODD]))["Records"]
    assert (found["RecordIdentifierValueAsString"], as_dict(found["Record"])[ID]) == (ODD, ODD)
    assert ODD in store.listed(group)
    store.delete(group, ODD, T1)
    assert store.get(group, ODD) is None


def test_row_009_repeated_query_keys_are_all_honoured(store, group, key):
    identifier = f"{key},with,commas"
    store.put(group, identifier, T0, {"city": "a,b", "clicks": "1"})
    assert store.get(group, identifier, FeatureNames=["city", "clicks"]) == {
        "city": "a,b",
        "clicks": "1",
    }
    store.delete(group, identifier, T1, TargetStores=["OnlineStore", "OfflineStore"])
    assert store.get(group, identifier) is None


def test_row_010_writes_are_answered_with_an_empty_body(store, group, v2_group, key):
    store.put(v2_group, key, T0)
    doomed = store.create("empty")
    answers = [
        store.put(group, key, T0),
        store.delete(group, key, T1),
        store.update(v2_group, key, {"city": "x"}),
        store.sm.update_feature_metadata(
            FeatureGroupName=group, FeatureName="score", Description="d"
        ),
        store.sm.delete_feature_group(FeatureGroupName=doomed),
    ]
    for answer in answers:
        assert list(answer) == ["ResponseMetadata"]
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_row_011_times_are_epoch_seconds_with_milliseconds(store, group):
    bodies = []
    client = boto3.client(CONTROL)
    client.meta.events.register(
        "before-parse", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    created = client.describe_feature_group(FeatureGroupName=group)["CreationTime"]
    raw = json.loads(bodies[-1])["CreationTime"]
    assert isinstance(raw, int | float)
    assert round(raw * 1000) == raw * 1000
    for shift, found in ((-0.001, 1), (0.001, 0)):
        page = client.list_feature_groups(
            NameContains=group, CreationTimeAfter=created.timestamp() + shift
        )
        assert len(page["FeatureGroupSummaries"]) == found


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
    call, asked = (client.list_feature_groups, {})
    if service == RUNTIME:
        call, asked = (
            client.get_record,
            {"FeatureGroupName": group, "RecordIdentifierValueAsString": "x"},
        )
    with pytest.raises(getattr(client.exceptions, name)):
        call(**asked)


def test_row_013_every_answer_has_a_request_id(store, group):
    assert store.answer(group, "x")["ResponseMetadata"]["RequestId"]
    assert store.sm.list_feature_groups()["ResponseMetadata"]["RequestId"]
    assert refusal(store.get, group="no-such-group", identifier="x").response["ResponseMetadata"][
        "RequestId"
    ]


def test_row_014_a_throttled_client_tries_again_and_succeeds(group):
    error = errors.ThrottlingException("slow down")
    client = answering(boto3.client(RUNTIME), *[runtime_error(error, "r")] * 2)
    answer = client.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="x")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    client = answering(boto3.client(CONTROL), *[control_error(error, "r")] * 2)
    answer = client.describe_feature_group(FeatureGroupName=group)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_row_015_an_operation_that_is_not_served_is_a_clear_error(store):
    error = refusal(store.sm.list_models)
    assert 400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert "CreateFeatureGroup" in str(error)


def test_row_016_what_boto3_lets_through_is_refused_by_the_server(store, group, key):
    rt = store.rt
    record = values({ID: key, AT: T0})
    entry = {"FeatureGroupName": group, "Record": record}
    years = {"Unit": "Years", "Value": 1}
    refused = [
        (rt.put_record, {"FeatureGroupName": "bad name!", "Record": record}),
        (rt.put_record, {"FeatureGroupName": group, "Record": record, "TtlDuration": years}),
        (rt.put_record, {"FeatureGroupName": group, "Record": record, "TargetStores": ["Attic"]}),
        (store.batch_get, {}),
        (rt.batch_write_record, {"Entries": [entry] * 26}),
        (rt.list_records, {"FeatureGroupName": group, "MaxResults": 101}),
    ]
    for call, members in refused[:3] + refused[4:]:
        assert code(call, **members) == "ValidationError", members
    ids = [f"{key}-{number}" for number in range(101)]
    one = {"FeatureGroupName": group, "RecordIdentifiersValueAsString": ids}
    assert code(rt.batch_get_record, Identifiers=[one]) == "ValidationError"
    assert code(store.sm.list_feature_groups, MaxResults=101) == "ValidationException"
    assert store.get(group, key) is None


@pytest.mark.parametrize("end", ["", "/"])
def test_row_017_the_endpoint_is_reached_with_and_without_a_slash(target, group, end):
    endpoint = target.endpoint.rstrip("/") + end
    answer = boto3.client(CONTROL, endpoint_url=endpoint).describe_feature_group(
        FeatureGroupName=group
    )
    assert answer["FeatureGroupName"] == group
    reader = boto3.client(RUNTIME, endpoint_url=endpoint)
    assert "Record" not in reader.get_record(
        FeatureGroupName=group, RecordIdentifierValueAsString=T2
    )
