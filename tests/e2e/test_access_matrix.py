"""S11 on the deployed platform: six roles x the operations of both planes, at both endpoints.

A representative part of ``tests/handlers/test_access_matrix.py``, which has every combination: each
operation by name, by ARN and in batches. Every call is made twice, so that the second finds the
group cached. IAM admits all roles to all paths; what they may do is the functions' own decision.
Nobody but the administrator has rights on the bucket or on Athena, whatever the grants say.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.layout import ACCOUNT
from tests.e2e.conftest import ROOT, Credentials, DeployedPlatform
from tests.support.rights import NEEDS, ROLES, Account, may

pytestmark = pytest.mark.e2e
KINDS = ("tagged", "foreign", "bare")
AT, LATER = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"
REFUSALS = {"AccessForbidden", "AccessDeniedException"}
Call = Callable[[Any, str, str], Any]


def _values(**features: str) -> list[dict[str, str]]:
    return [{"FeatureName": k, "ValueAsString": v} for k, v in features.items()]


RECORDS: dict[str, Call] = {
    "GetRecord": lambda c, name, _: c.get_record(
        FeatureGroupName=name, RecordIdentifierValueAsString="1"
    ),
    "ListRecords": lambda c, name, _: c.list_records(FeatureGroupName=name),
    "BatchGetRecord": lambda c, name, _: c.batch_get_record(
        Identifiers=[{"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["1"]}]
    ),
    "PutRecord": lambda c, name, _: c.put_record(
        FeatureGroupName=name, Record=_values(id="2", at=AT)
    ),
    "UpdateRecord": lambda c, name, secret: c.update_record(
        FeatureGroupName=name,
        RecordIdentifierValueAsString="1",
        Features=_values(secret=secret),
    ),
    "DeleteRecord": lambda c, name, _: c.delete_record(
        FeatureGroupName=name, RecordIdentifierValueAsString="3", EventTime=LATER
    ),
    "BatchWriteRecord": lambda c, name, _: c.batch_write_record(
        Entries=[{"FeatureGroupName": name, "Record": _values(id="2", at=AT)}]
    ),
}
FEATURE = {"FeatureName": "secret"}
CONTROL: dict[str, Call] = {
    "DescribeFeatureGroup": lambda c, name, _: c.describe_feature_group(FeatureGroupName=name),
    "DescribeFeatureMetadata": lambda c, name, _: c.describe_feature_metadata(
        FeatureGroupName=name, **FEATURE
    ),
    "UpdateFeatureMetadata": lambda c, name, _: c.update_feature_metadata(
        FeatureGroupName=name, **FEATURE, Description="x"
    ),
    "UpdateFeatureGroup": lambda c, name, _: c.update_feature_group(
        FeatureGroupName=name, OnlineStoreConfig={"TtlDuration": {"Unit": "Weeks", "Value": 9000}}
    ),
}
BY_ARN: dict[str, Call] = {
    "ListTags": lambda c, arn, _: c.list_tags(ResourceArn=arn),
    "AddTags": lambda c, arn, _: c.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}]),
    "DeleteTags": lambda c, arn, _: c.delete_tags(ResourceArn=arn, TagKeys=["none"]),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """The deployed platform with a group of each kind, and what the roles' keys are."""

    platform: DeployedPlatform
    arns: dict[str, str]
    keys: dict[str, Credentials]

    def name(self, kind: str) -> str:
        return self.arns[kind].rpartition("/")[2]


@pytest.fixture(scope="module")
def stage(platform: DeployedPlatform) -> Iterator[Stage]:
    unique, iam = uuid.uuid4().hex[:8], platform.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    document = {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]}
    api = f"arn:aws:execute-api:*:*:{platform.outputs['ApiId']}/*"
    allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": api}
    keys = {"Platform": ROOT}
    for role in ROLES:
        if role == "Platform":
            continue
        name = f"{role}-{unique}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName=name, PolicyName="api", PolicyDocument=policy)
        url = platform.outputs["FunctionUrlCallersPolicyArn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=url)
        keys[role] = _session(platform, arn["Role"]["Arn"])
    arns = {kind: _create(platform, kind, unique, keys["Creator"]) for kind in KINDS}
    yield Stage(platform, arns, keys)
    for arn in arns.values():
        name = arn.rpartition("/")[2]
        platform.client("sagemaker").delete_feature_group(FeatureGroupName=name)


def _session(platform: DeployedPlatform, role: str) -> Credentials:
    keys = platform.client("sts").assume_role(RoleArn=role, RoleSessionName="nightly")
    found = keys["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _create(platform: DeployedPlatform, kind: str, unique: str, creator: Credentials) -> str:
    """Made by the creator without any grant; the root user then grants to others."""
    name = f"{kind}-{unique}"
    arn = platform.client("sagemaker", creator).create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": each, "FeatureType": "String"} for each in ("id", "at", "secret")
        ],
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "Standard_V2"},
    )["FeatureGroupArn"]
    roles = {"tagged": ("Reader", "Writer", "Owner"), "foreign": ("Other",) * 3, "bare": ()}[kind]
    tags = [
        {"Key": f"larder:{right}:1", "Value": f"arn:aws:iam::{ACCOUNT}:role/{role}-{unique}"}
        for right, role in zip(("read", "write", "admin"), roles, strict=False)
    ]
    if tags:
        platform.client("sagemaker").add_tags(ResourceArn=arn, Tags=tags)
    platform.client("sagemaker-featurestore-runtime").put_record(
        FeatureGroupName=name, Record=_values(id="1", at=AT, secret=f"secret-of-{name}")
    )
    return str(arn)


@pytest.fixture
def account(record_property: Callable[[str, object], None]) -> Iterator[Account]:
    account = Account()
    yield account
    account.close(record_property)


def _allowed(call: Callable[[], Any]) -> tuple[bool, str]:
    """Whether an answer says yes, and its text; what is neither yes nor a refusal is an error."""
    try:
        answer = call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceInUse":  # another change is under way: it was let through
            return True, ""
        assert code in REFUSALS, error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        return False, str(error)
    codes = {each["ErrorCode"] for each in answer.get("Errors", ())}
    assert codes <= REFUSALS, answer
    return not codes, json.dumps(answer, default=str) if not codes else ""


def _try(stage: Stage, account: Account, role: str, operation: str, tried: Any) -> None:
    client, call, forms = tried
    for kind in KINDS:
        should = may(role, NEEDS[operation], kind, closed=False)
        secret = f"secret-of-{stage.name(kind)}"
        for form in forms:
            named = stage.arns[kind] if form == "ARN" else stage.name(kind)
            for time in ("first", "again"):
                did, text = _allowed(lambda n=named, s=secret: call(client, n, s))
                what = f"{role} {operation} {kind} by {form} {time} at {client.meta.endpoint_url}"
                account.note(what, should=should, did=did)
                if text.count("secret-of-") != text.count(secret):
                    account.leak(f"{what}: another group's secret")


@pytest.mark.parametrize("role", ROLES)
def test_s11_roles_x_operations_on_the_deployed_platform(
    stage: Stage, account: Account, role: str
) -> None:
    platform, keys = stage.platform, stage.keys[role]
    at_api = platform.client("sagemaker-featurestore-runtime", keys)
    for client in (at_api, platform.runtime_at_url(keys)):
        for operation, call in RECORDS.items():
            _try(stage, account, role, operation, (client, call, ("name", "ARN")))
    control = platform.client("sagemaker", keys)
    for operation, call in CONTROL.items():
        _try(stage, account, role, operation, (control, call, ("name", "ARN")))
    for operation, call in BY_ARN.items():
        _try(stage, account, role, operation, (control, call, ("ARN",)))
    listed = control.list_feature_groups(MaxResults=100)["FeatureGroupSummaries"]
    found = control.search(Resource="FeatureGroup", MaxResults=100)["Results"]
    for kind in KINDS:
        should, name = may(role, "see", kind, closed=False), stage.name(kind)
        did = name in {each["FeatureGroupName"] for each in listed}
        account.note(f"{role} ListFeatureGroups shows {kind}", should=should, did=did)
        did = name in {each["FeatureGroup"]["FeatureGroupName"] for each in found}
        account.note(f"{role} Search shows {kind}", should=should, did=did)


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("Owner", "Platform")])
def test_s11_who_may_not_delete_deletes_nothing(stage: Stage, account: Account, role: str) -> None:
    control = stage.platform.client("sagemaker", stage.keys[role])
    for kind in ("tagged", "foreign"):
        name = stage.name(kind)
        did, _ = _allowed(lambda n=name: control.delete_feature_group(FeatureGroupName=n))
        account.note(f"{role} DeleteFeatureGroup {kind}", should=False, did=did)


@pytest.mark.parametrize("role", ROLES)
def test_s11_a_grant_opens_neither_bucket_nor_athena(
    stage: Stage, account: Account, role: str
) -> None:
    platform, keys = stage.platform, stage.keys[role]
    outputs, s3 = platform.outputs, platform.client("s3", keys)
    calls: dict[str, Callable[[], Any]] = {
        "lists the bucket": lambda: s3.list_objects_v2(
            Bucket=outputs["OfflineBucketName"], Prefix="offline/"
        ),
        "asks Athena": lambda: platform.client("athena", keys).start_query_execution(
            QueryString="SELECT 1", WorkGroup=outputs["WorkGroupName"]
        ),
        "looks tables up": lambda: platform.client("glue", keys).get_tables(
            DatabaseName=outputs["DatabaseName"]
        ),
    }
    for what, call in calls.items():
        try:
            call()
            did = True
        except ClientError as error:
            assert "AccessDenied" in error.response["Error"]["Code"], error
            did = False
        account.note(f"{role} {what}", should=role == "Platform", did=did)
