"""Protocol: addressing, encoding, signatures, errors."""

import json
import os
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader

from tests.conformance.refusals import refusal
from tests.conformance.store import AT, CONTROL, ID, RUNTIME, T0, T1, T2, as_dict, reading, values

ODD = "a/b c+d,é&=?%20"


def authorization(client, call, members):
    """The Authorization header that a call is sent with, and the call's answer."""
    sent = []
    client.meta.events.register(
        "before-send", lambda request, **_: sent.append(request.headers["Authorization"])
    )
    answer = call(**members)
    header = sent[-1]
    return (header.decode() if isinstance(header, bytes) else header), answer


def sign_for(name):
    """A hook that signs for an endpoint."""

    def sign(request, **_):
        request.context.update(signing={"signing_name": name})

    return sign


def without_overlay(service):
    """A client that signs as botocore's own model has it."""
    session = botocore.session.Session()
    session.register_component("data_loader", Loader())
    return session.create_client(service)


def test_row_001_plain_clients_live_a_groups_whole_life(store):
    name = store.create("life", offline=True)
    store.put(name, "1", T0, {"city": "Ulm"})
    assert store.get(name, "1") == {ID: "1", AT: T0, "city": "Ulm"}
    store.sm.delete_feature_group(FeatureGroupName=name)
    store.wait_gone(name)


@pytest.mark.parametrize("service", [RUNTIME, CONTROL])
def test_row_002_with_the_overlay_files_requests_are_signed_for_the_door(target, group, service):
    client = boto3.client(service)
    header, answer = authorization(client, *reading(client, group))
    assert f"/{target.signing_names[service]}/aws4_request" in header
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("service", [RUNTIME, CONTROL])
@pytest.mark.parametrize("name", ["sagemaker", "dynamodb"])
def test_row_002_a_signature_for_another_service_is_refused(group, service, name):
    client = without_overlay(service)
    client.meta.events.register("before-sign", sign_for(name))
    call, members = reading(client, group)
    error = refusal(call, **members)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("service", [RUNTIME, CONTROL])
def test_row_002_a_signature_by_another_secret_is_refused(group, service):
    key = boto3.Session().get_credentials().get_frozen_credentials()
    client = boto3.client(
        service,
        aws_access_key_id=key.access_key,
        aws_secret_access_key=f"{key.secret_key}x",
        aws_session_token=key.token,
    )
    call, members = reading(client, group)
    error = refusal(call, **members)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("service", [RUNTIME, CONTROL])
def test_row_003_one_line_before_signing_does_the_same(target, group, service):
    client = without_overlay(service)
    assert client.meta.service_model.signing_name == "sagemaker"
    client.meta.events.register("before-sign", sign_for(target.signing_names[service]))
    header, answer = authorization(client, *reading(client, group))
    assert f"/{target.signing_names[service]}/aws4_request" in header
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


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


@pytest.mark.parametrize("end", ["", "/"])
def test_row_017_the_endpoint_is_reached_with_and_without_a_slash(target, group, end):
    control, runtime = (
        boto3.client(service, endpoint_url=target.endpoint_of(service).rstrip("/") + end)
        for service in (CONTROL, RUNTIME)
    )
    answer = control.describe_feature_group(FeatureGroupName=group)
    assert answer["FeatureGroupName"] == group
    assert "Record" not in runtime.get_record(
        FeatureGroupName=group, RecordIdentifierValueAsString=T2
    )


def test_row_120_the_local_platform_needs_nothing_elsewhere(target):
    if not target.is_local:
        pytest.skip("the endpoint is deployed; make conformance asks the local platform")
    urls = [url for name, url in os.environ.items() if name.startswith("AWS_ENDPOINT_URL")]
    assert {urlsplit(url).hostname for url in urls} == {"127.0.0.1"}
    for service in ("sagemaker", "athena", "glue", "s3", "sts", "iam"):
        assert urlsplit(boto3.client(service).meta.endpoint_url).hostname == "127.0.0.1"
