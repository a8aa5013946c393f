"""The data plane's Function URL: who gets through, under which name, and what they may then do."""

import json
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import environment
from local.layout import ACCOUNT
from tests.e2e.conftest import Credentials, DeployedPlatform

pytestmark = pytest.mark.e2e
ODD = "a/b c+d,é&=?%20#1"
URL_ALONE = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"}
User = Callable[..., tuple[str, Credentials]]


@pytest.fixture(scope="module")
def user(platform: DeployedPlatform) -> Iterator[User]:
    """Makes a user; gives its ARN and its key. ``policy`` is attached, ``statement`` allowed."""
    iam, undo = platform.client("iam"), []

    def make(*, policy: str = "", statement: dict[str, str] | None = None) -> Any:
        name = f"caller-{uuid.uuid4().hex[:8]}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        undo.append(lambda: iam.delete_user(UserName=name))
        if policy:
            iam.attach_user_policy(UserName=name, PolicyArn=policy)
            undo.append(lambda: iam.detach_user_policy(UserName=name, PolicyArn=policy))
        if statement:
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
            undo.append(lambda: iam.delete_user_policy(UserName=name, PolicyName="p"))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        undo.append(lambda: iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"]))
        return arn, Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    yield make
    for step in reversed(undo):
        step()


@pytest.fixture(scope="module")
def caller(platform: DeployedPlatform, user: User) -> tuple[str, Credentials]:
    """A user that holds the policy which the stack has for callers."""
    return user(policy=platform.outputs["FunctionUrlCallersPolicyArn"])


@pytest.fixture(scope="module")
def group(platform: DeployedPlatform) -> Iterator[Callable[..., str]]:
    """Makes a group, with grants by right; gives its ARN."""
    control, made = platform.client("sagemaker"), []

    def make(**grants: str) -> str:
        name = f"url-{uuid.uuid4().hex[:8]}"
        made.append(name)
        created = control.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName="id",
            EventTimeFeatureName="at",
            FeatureDefinitions=[
                {"FeatureName": each, "FeatureType": "String"} for each in ("id", "at", "city")
            ],
            OnlineStoreConfig={"EnableOnlineStore": True},
            Tags=[{"Key": f"larder:{k}:1", "Value": v} for k, v in grants.items()],
        )
        return str(created["FeatureGroupArn"])

    yield make
    for name in made:
        control.delete_feature_group(FeatureGroupName=name)


def _record(identifier: str) -> list[dict[str, str]]:
    values = {"id": identifier, "at": "2024-01-01T00:00:00Z", "city": "Ulm"}
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def _status(call: Any, **arguments: Any) -> int:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_both_doors_lead_to_the_same_records(
    platform: DeployedPlatform, group: Callable[..., str]
) -> None:
    arn = group()
    at_url, at_api = platform.runtime_at_url(), platform.client("sagemaker-featurestore-runtime")
    for name in (arn, arn.rpartition("/")[2]):
        at_url.put_record(FeatureGroupName=name, Record=_record(ODD))
        asked = {"FeatureGroupName": name, "RecordIdentifierValueAsString": ODD}
        named = at_url.get_record(**asked, FeatureNames=["city", "id"])["Record"]
        assert {each["ValueAsString"] for each in named} == {"Ulm", ODD}
        assert at_url.get_record(**asked)["Record"] == at_api.get_record(**asked)["Record"]
    identifiers = {"FeatureGroupName": arn, "RecordIdentifiersValueAsString": [ODD]}
    (found,) = at_url.batch_get_record(Identifiers=[identifiers])["Records"]
    assert found["RecordIdentifierValueAsString"] == ODD
    assert at_url.list_records(FeatureGroupName=arn)["RecordIdentifiers"] == [ODD]


def test_a_request_without_a_signature_is_refused(platform: DeployedPlatform) -> None:
    url = environment.function_url(platform.platform, platform.outputs)
    request = urllib.request.Request(f"{url}/BatchGetRecord", method="POST", data=b"{}")
    trust = ssl.create_default_context(cafile=str(platform.platform.ca_bundle))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=trust, timeout=30)
    with refused.value as answer:
        assert answer.code == 403


@pytest.mark.parametrize("statement", [None, URL_ALONE])
def test_a_user_without_both_permissions_reaches_no_function(
    platform: DeployedPlatform, user: User, statement: dict[str, str] | None
) -> None:
    _, credentials = user(statement=statement)
    read = platform.runtime_at_url(credentials).get_record
    assert _status(read, FeatureGroupName="none", RecordIdentifierValueAsString="1") == 403


def test_the_callers_policy_opens_the_url_and_not_the_function_behind_it(
    platform: DeployedPlatform, caller: tuple[str, Credentials]
) -> None:
    _, credentials = caller
    runtime = platform.runtime_at_url(credentials)
    with pytest.raises(runtime.exceptions.ResourceNotFound):
        runtime.get_record(FeatureGroupName="none", RecordIdentifierValueAsString="1")
    invoke = platform.client("lambda", credentials).invoke
    for qualifier in ({}, {"Qualifier": "live"}):
        name = platform.outputs["RuntimeFunctionName"]
        assert _status(invoke, FunctionName=name, Payload=b"{}", **qualifier) == 403


def test_a_caller_does_what_is_granted_to_it_by_name_and_no_more(
    platform: DeployedPlatform, caller: tuple[str, Credentials], group: Callable[..., str]
) -> None:
    arn, credentials = caller
    runtime = platform.runtime_at_url(credentials)
    mine = group(write=arn)
    runtime.put_record(FeatureGroupName=mine, Record=_record("1"))
    with pytest.raises(runtime.exceptions.AccessForbidden, match=f"{arn} lacks the read right"):
        runtime.get_record(FeatureGroupName=mine, RecordIdentifierValueAsString="1")
    others = group(admin=f"arn:aws:iam::{ACCOUNT}:root")
    with pytest.raises(runtime.exceptions.AccessForbidden, match=f"{arn} has no rights"):
        runtime.put_record(FeatureGroupName=others, Record=_record("1"))


def test_the_doors_lead_to_the_version_that_snapshots_are_taken_of(
    platform: DeployedPlatform,
) -> None:
    functions, name = platform.client("lambda"), platform.outputs["RuntimeFunctionName"]
    version = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    assert version.isdecimal()
    deployed = functions.get_function_configuration(FunctionName=name, Qualifier="live")
    assert (deployed["Version"], deployed["SnapStart"]["ApplyOn"]) == (version, "PublishedVersions")
