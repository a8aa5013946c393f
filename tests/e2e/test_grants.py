"""Grants on the deployed platform: a role that IAM admits, and what it may then do."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.layout import ACCOUNT
from tests.e2e.conftest import Credentials, DeployedPlatform

pytestmark = pytest.mark.e2e
TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
Role = Callable[[str], Credentials]


@pytest.fixture(scope="module")
def role(platform: DeployedPlatform) -> Iterator[Role]:
    """Makes a role that may call every path of the API; gives credentials of a session of it."""
    iam, made = platform.client("iam"), []
    trust = json.dumps(
        {"Version": "2012-10-17", "Statement": [TRUST | {"Action": "sts:AssumeRole"}]}
    )
    api = f"arn:aws:execute-api:*:*:{platform.outputs['ApiId']}/*"
    allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": api}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})

    def make(name: str) -> Credentials:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        made.append(name)
        iam.put_role_policy(RoleName=name, PolicyName="door", PolicyDocument=policy)
        session = platform.client("sts").assume_role(RoleArn=arn, RoleSessionName="nightly")
        keys = session["Credentials"]
        return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    yield make
    for name in made:
        iam.delete_role_policy(RoleName=name, PolicyName="door")
        iam.delete_role(RoleName=name)


@pytest.fixture(scope="module")
def granted(platform: DeployedPlatform) -> Iterator[tuple[str, str]]:
    """A group with one record, and the name of the one role that may read it."""
    reader, group = f"Reader-{uuid.uuid4().hex[:8]}", f"granted-{uuid.uuid4().hex[:8]}"
    control, runtime = (
        platform.client(name) for name in ("sagemaker", "sagemaker-featurestore-runtime")
    )
    control.create_feature_group(
        FeatureGroupName=group,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": name, "FeatureType": "String"} for name in ("id", "at", "secret")
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        Tags=[{"Key": "larder:read:1", "Value": f"arn:aws:iam::{ACCOUNT}:role/{reader}"}],
    )
    values = {"id": "1", "at": "2024-01-01T00:00:00Z", "secret": "word"}
    record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
    runtime.put_record(FeatureGroupName=group, Record=record)
    yield group, reader
    control.delete_feature_group(FeatureGroupName=group)


def _batch(runtime: Any, group: str) -> tuple[list[str], list[str]]:
    answer = runtime.batch_get_record(
        Identifiers=[{"FeatureGroupName": group, "RecordIdentifiersValueAsString": ["1"]}]
    )
    values = [
        value["ValueAsString"]
        for found in answer["Records"]
        for value in found["Record"]
        if value["FeatureName"] == "secret"
    ]
    return values, [error["ErrorCode"] for error in answer["Errors"]]


def test_a_role_reads_what_is_granted_to_it_and_no_more(
    platform: DeployedPlatform, role: Role, granted: tuple[str, str]
) -> None:
    group, reader = granted
    credentials = role(reader)
    runtime = platform.client("sagemaker-featurestore-runtime", credentials)
    assert _batch(runtime, group) == (["word"], [])
    with pytest.raises(runtime.exceptions.AccessForbidden, match="lacks the write right"):
        runtime.delete_record(
            FeatureGroupName=group,
            RecordIdentifierValueAsString="1",
            EventTime="2030-01-01T00:00:00Z",
        )
    control = platform.client("sagemaker", credentials)
    assert control.describe_feature_group(FeatureGroupName=group)["FeatureGroupName"] == group
    with pytest.raises(ClientError) as refused:
        control.delete_feature_group(FeatureGroupName=group)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_role_that_may_call_the_api_does_not_thereby_read_every_group(
    platform: DeployedPlatform, role: Role, granted: tuple[str, str]
) -> None:
    group, _ = granted
    credentials = role(f"Stranger-{uuid.uuid4().hex[:8]}")
    runtime = platform.client("sagemaker-featurestore-runtime", credentials)
    assert _batch(runtime, group) == ([], ["AccessForbidden"])
    with pytest.raises(runtime.exceptions.AccessForbidden):
        runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="1")
    control = platform.client("sagemaker", credentials)
    listed = control.list_feature_groups(NameContains=group)["FeatureGroupSummaries"]
    assert listed == []
    with pytest.raises(ClientError) as refused:
        control.describe_feature_group(FeatureGroupName=group)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
