"""Who is let in: by IAM at the endpoint, by a group's grants behind it."""

import json

import boto3
import pytest

from tests.conformance.refusals import code, refusal
from tests.conformance.store import AT, CONTROL, ID, RUNTIME, T0, values

EVERY_CALL = [
    {
        "Effect": "Allow",
        "Action": ["execute-api:Invoke", "lambda:InvokeFunctionUrl"],
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    },
]


def status(error):
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def user(request, store):
    """The key of a new user; a test's parameter is the statements that allow it things."""
    iam, name = boto3.client("iam"), store.name("user")
    iam.create_user(UserName=name)
    statements = getattr(request, "param", None)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    if statements:
        iam.delete_user_policy(UserName=name, PolicyName="allowed")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_row_004_a_caller_without_permission_is_refused(group, user):
    read = boto3.client(RUNTIME, **user).get_record
    asked = {"FeatureGroupName": group, "RecordIdentifierValueAsString": "x"}
    assert status(refusal(read, **asked)) == 403
    describe = boto3.client(CONTROL, **user).describe_feature_group
    assert status(refusal(describe, FeatureGroupName=group)) in (400, 403)


@pytest.fixture(scope="module")
def granted(store, target):
    """A group that is granted to its maker alone."""
    if target.sagemaker:
        pytest.skip("grants are Larder's own")
    maker = boto3.client("sts").get_caller_identity()["Arn"]
    return store.create("granted", Tags=[{"Key": "larder:admin:maker", "Value": maker}])


@pytest.mark.parametrize("user", [EVERY_CALL], indirect=True)
def test_row_004_a_caller_without_a_grant_is_forbidden(store, group, granted, user, key):
    store.put(granted, key, T0)
    store.put(group, key, T0)
    rt, sm = boto3.client(RUNTIME, **user), boto3.client(CONTROL, **user)
    asked = {"FeatureGroupName": granted, "RecordIdentifierValueAsString": key}
    with pytest.raises(rt.exceptions.AccessForbidden) as forbidden:
        rt.get_record(**asked)
    assert status(forbidden.value) == 403
    with pytest.raises(rt.exceptions.AccessForbidden):
        rt.put_record(FeatureGroupName=granted, Record=values({ID: key, AT: T0}))
    assert code(sm.describe_feature_group, FeatureGroupName=granted) == "AccessDeniedException"
    assert code(sm.delete_feature_group, FeatureGroupName=granted) == "AccessDeniedException"
    assert rt.get_record(**asked | {"FeatureGroupName": group})["Record"]


@pytest.mark.parametrize("user", [EVERY_CALL], indirect=True)
def test_row_004_batch_bodies_are_checked_entry_by_entry(store, group, granted, user, key):
    store.put(granted, key, T0)
    store.put(group, key, T0)
    rt = boto3.client(RUNTIME, **user)
    asked = [
        {"FeatureGroupName": name, "RecordIdentifiersValueAsString": [key]}
        for name in (granted, group)
    ]
    read = rt.batch_get_record(Identifiers=asked)
    assert [each["FeatureGroupName"] for each in read["Records"]] == [group]
    assert [each["ErrorCode"] for each in read["Errors"]] == ["AccessForbidden"]
    record = values({ID: key, AT: T0})
    entries = [{"FeatureGroupName": name, "Record": record} for name in (granted, group)]
    written = rt.batch_write_record(Entries=entries)
    assert [(each["Entry"], each["ErrorCode"]) for each in written["Errors"]] == [
        (entries[0], "AccessForbidden")
    ]


@pytest.mark.parametrize("user", [EVERY_CALL], indirect=True)
def test_row_004_groups_are_not_listed_for_those_who_may_not_see_them(store, granted, user):
    sm = boto3.client(CONTROL, **user)
    assert sm.list_feature_groups(NameContains=granted)["FeatureGroupSummaries"] == []
    every = {"Filters": [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": granted}]}
    assert sm.search(Resource="FeatureGroup", SearchExpression=every)["Results"] == []
    assert store.sm.list_feature_groups(NameContains=granted)["FeatureGroupSummaries"]
