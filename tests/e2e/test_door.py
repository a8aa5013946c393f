"""Who is let into the SageMaker API, and what the others are told."""

import json
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Credentials, DeployedPlatform

pytestmark = pytest.mark.e2e
RECORD = "/FeatureGroup/none/Record?RecordIdentifierValueAsString=1"


@pytest.fixture(scope="module")
def stranger(platform: DeployedPlatform) -> Iterator[Credentials]:
    """The key of a user to whom nothing is allowed."""
    iam, name = platform.client("iam"), f"stranger-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def _plain_request(platform: DeployedPlatform, method: str, path: str) -> int:
    request = urllib.request.Request(platform.api + path, method=method, data=b"{}")
    trust = ssl.create_default_context(cafile=str(platform.platform.ca_bundle))
    try:
        with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _refusal(call: Any, **arguments: Any) -> int:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/"), ("GET", RECORD), ("PUT", "/FeatureGroup/x"), ("POST", "/BatchGetRecord")],
)
def test_a_request_without_a_signature_is_refused(
    platform: DeployedPlatform, method: str, path: str
) -> None:
    assert _plain_request(platform, method, path) == 403


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS", "PUT"])
@pytest.mark.parametrize("path", ["/", "/no/such/path", "/BatchGetRecord"])
def test_an_unknown_path_or_method_is_never_a_server_error(
    platform: DeployedPlatform, method: str, path: str
) -> None:
    assert 400 <= _plain_request(platform, method, path) < 500


def test_a_wrong_secret_is_refused(platform: DeployedPlatform, stranger: Credentials) -> None:
    forged = Credentials(stranger.access_key, stranger.secret_key[::-1])
    runtime = platform.client("sagemaker-featurestore-runtime", forged)
    status = _refusal(
        runtime.get_record, FeatureGroupName="none", RecordIdentifierValueAsString="1"
    )
    assert status == 403


def test_a_user_to_whom_nothing_is_allowed_reaches_no_function(
    platform: DeployedPlatform, stranger: Credentials
) -> None:
    runtime = platform.client("sagemaker-featurestore-runtime", stranger)
    status = _refusal(
        runtime.get_record, FeatureGroupName="none", RecordIdentifierValueAsString="1"
    )
    assert status == 403
    control = platform.client("sagemaker", stranger)
    assert _refusal(control.list_feature_groups) == 403


def test_a_policy_may_open_one_group_and_no_other(
    platform: DeployedPlatform, stranger: Credentials
) -> None:
    iam = platform.client("iam")
    user = platform.client("sts", stranger).get_caller_identity()["Arn"].rsplit("/", 1)[-1]
    resource = f"arn:aws:execute-api:*:*:{platform.outputs['ApiId']}/*/GET/FeatureGroup/open"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="open", PolicyDocument=document)
    try:
        read = platform.client("sagemaker-featurestore-runtime", stranger).get_record
        asked = {"RecordIdentifierValueAsString": "1"}
        assert _refusal(read, FeatureGroupName="open", **asked) == 404
        assert _refusal(read, FeatureGroupName="closed", **asked) == 403
    finally:
        iam.delete_user_policy(UserName=user, PolicyName="open")


def test_the_root_user_gets_sagemakers_own_answer(platform: DeployedPlatform) -> None:
    runtime = platform.client("sagemaker-featurestore-runtime")
    with pytest.raises(runtime.exceptions.ResourceNotFound):
        runtime.get_record(FeatureGroupName="none", RecordIdentifierValueAsString="1")
    assert "FeatureGroupSummaries" in platform.client("sagemaker").list_feature_groups()
