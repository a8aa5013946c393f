"""S4 and S6: what IAM policies fence, tried with the strict platform's IAM.

S4: a role with what ``larder access policy`` prints, and nothing else, reads its group by
GetRecord, by Athena and by S3, and is refused another's. S6: which Deny is evaded, and which holds.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from larder.access.grants import Right
from larder.access.operations import DATA_PLANE
from local.layout import ACCOUNT, REGION
from tests.e2e.conftest import ROOT, Credentials, DeployedPlatform
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
RUNTIME = "sagemaker-featurestore-runtime"
AT = "2024-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Group:
    """A group with one record, online and in the history."""

    name: str
    arn: str
    bucket: str
    folder: str
    table: str

    @property
    def secret(self) -> str:
        return f"secret-of-{self.name}"


@dataclass(frozen=True, slots=True)
class Groups:
    """Two groups of one platform: the one that is fenced, and another."""

    platform: DeployedPlatform
    own: Group
    other: Group

    def policy(self, *arguments: str) -> dict[str, Any]:
        """What the command prints of the group that is fenced."""
        command = [sys.executable, "-m", "larder", "access", "policy", self.own.name, *arguments]
        environment = {**os.environ, **self.platform.environment}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return dict(json.loads(done.stdout))

    def get(self, group: str, caller: Credentials) -> list[str]:
        runtime = self.platform.client(RUNTIME, caller)
        found = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="1")
        return [value["ValueAsString"] for value in found["Record"]]

    def put(self, group: Group, name: str, caller: Credentials) -> None:
        self.platform.client(RUNTIME, caller).put_record(
            FeatureGroupName=name, Record=_record(group.secret)
        )

    def select(self, group: Group, caller: Credentials) -> dict[str, Any]:
        """The execution of a query of the group's history, once it has ended."""
        athena = self.platform.client("athena", caller)
        started = athena.start_query_execution(
            QueryString=f'SELECT secret FROM "{group.table}"',
            QueryExecutionContext={"Database": self.platform.outputs["DatabaseName"]},
            WorkGroup=self.platform.outputs["WorkGroupName"],
        )

        def ended() -> Any:
            asked = {"QueryExecutionId": started["QueryExecutionId"]}
            execution = athena.get_query_execution(**asked)["QueryExecution"]
            return execution["Status"]["State"] not in ("QUEUED", "RUNNING") and execution

        return dict(eventually(ended))

    def rows(self, group: Group, caller: Credentials) -> list[str]:
        execution = self.select(group, caller)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        page = self.platform.client("athena", caller).get_query_results(
            QueryExecutionId=execution["QueryExecutionId"]
        )
        return [row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"][1:]]

    def keys(self, group: Group, caller: Credentials) -> list[str]:
        listed = self.platform.client("s3", caller).list_objects_v2(
            Bucket=group.bucket, Prefix=f"{group.folder}/"
        )
        return [each["Key"] for each in listed.get("Contents", ())]


def _record(secret: str) -> list[dict[str, str]]:
    values = {"id": "1", "at": AT, "secret": secret}
    return [{"FeatureName": k, "ValueAsString": v} for k, v in values.items()]


def _create(platform: DeployedPlatform, name: str) -> Group:
    control = platform.client("sagemaker")
    control.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": each, "FeatureType": "String"} for each in ("id", "at", "secret")
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": f"s3://{platform.outputs['OfflineBucketName']}/offline"}
        },
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
    )

    def created() -> Any:
        found = control.describe_feature_group(FeatureGroupName=name)
        return found["FeatureGroupStatus"] == "Created" and found

    found = eventually(created)
    offline = found["OfflineStoreConfig"]
    uri = offline["S3StorageConfig"]["ResolvedOutputS3Uri"].removeprefix("s3://")
    bucket, _, folder = uri.removesuffix("/data").partition("/")
    return Group(
        name, found["FeatureGroupArn"], bucket, folder, offline["DataCatalogConfig"]["TableName"]
    )


@pytest.fixture(scope="module")
def groups(platform: DeployedPlatform) -> Iterator[Groups]:
    unique = uuid.uuid4().hex[:8]
    own, other = (_create(platform, f"fence-{kind}-{unique}") for kind in ("own", "other"))
    made = Groups(platform, own, other)
    for group in (own, other):
        made.put(group, group.name, ROOT)
    for group in (own, other):
        assert eventually(lambda each=group: made.rows(each, ROOT), seconds=120) == [group.secret]
    yield made
    for group in (own, other):
        platform.client("sagemaker").delete_feature_group(FeatureGroupName=group.name)


@pytest.fixture(scope="module")
def role(platform: DeployedPlatform) -> Callable[[dict[str, Any]], Credentials]:
    """Makes a role with one policy and nothing else; gives credentials of a session of it."""
    iam = platform.client("iam")
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    }

    def make(policy: dict[str, Any]) -> Credentials:
        name = f"fenced-{uuid.uuid4().hex[:8]}"
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        session = platform.client("sts").assume_role(RoleArn=arn, RoleSessionName="nightly")
        keys = session["Credentials"]
        return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    return make


def _refused(call: Callable[[], Any]) -> bool:
    """Whether IAM refuses a call; any other error fails the test."""
    try:
        call()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        assert status == 403 or "AccessDenied" in code, error.response
        return True
    return False


def test_s4_a_reader_reads_its_group_in_every_store_and_no_other(
    groups: Groups, role: Callable[[dict[str, Any]], Credentials]
) -> None:
    reader, own, other = role(groups.policy("--right", "read")), groups.own, groups.other
    s3 = groups.platform.client("s3", reader)

    for name in (own.name, own.arn):
        assert own.secret in groups.get(name, reader)
    assert set(groups.rows(own, reader)) == {own.secret}  # other tests write it again
    keys = groups.keys(own, reader)
    assert [key for key in keys if s3.get_object(Bucket=own.bucket, Key=key)["Body"].read()]

    for name in (other.name, other.arn):
        assert _refused(lambda each=name: groups.get(each, reader))
    assert groups.select(other, reader)["Status"]["State"] == "FAILED"
    assert _refused(lambda: groups.keys(other, reader))
    for key in groups.keys(other, ROOT):
        assert _refused(lambda each=key: s3.get_object(Bucket=other.bucket, Key=each))
    assert _refused(lambda: s3.list_objects_v2(Bucket=own.bucket))


def test_s4_a_reader_changes_nothing_and_calls_nothing_that_names_groups_in_its_body(
    groups: Groups, role: Callable[[dict[str, Any]], Credentials]
) -> None:
    reader, own = role(groups.policy("--right", "read")), groups.own
    runtime = groups.platform.client(RUNTIME, reader)
    control = groups.platform.client("sagemaker", reader)
    batch = {"FeatureGroupName": own.name, "RecordIdentifiersValueAsString": ["1"]}
    key = groups.keys(own, reader)[0]
    for call in (
        lambda: groups.put(own, own.name, reader),
        lambda: groups.put(own, own.arn, reader),
        lambda: runtime.batch_get_record(Identifiers=[batch]),
        lambda: control.describe_feature_group(FeatureGroupName=own.name),
        lambda: groups.platform.client("s3", reader).delete_object(Bucket=own.bucket, Key=key),
    ):
        assert _refused(call)


def test_s4_a_writer_writes_its_group_and_reads_no_store(
    groups: Groups, role: Callable[[dict[str, Any]], Credentials]
) -> None:
    writer, own, other = role(groups.policy("--right", "write")), groups.own, groups.other
    for name in (own.name, own.arn):
        groups.put(own, name, writer)
        assert _refused(lambda each=name: groups.get(each, writer))
    for name in (other.name, other.arn):
        assert _refused(lambda each=name: groups.put(other, each, writer))
    assert _refused(lambda: groups.keys(own, writer))
    assert _refused(lambda: groups.select(own, writer))


def test_s4_what_iam_cannot_fence_is_allowed_where_that_is_asked_for(
    groups: Groups, role: Callable[[dict[str, Any]], Credentials]
) -> None:
    reader = role(groups.policy("--right", "read", "--unfenced"))
    asked = {"FeatureGroupName": groups.own.name, "RecordIdentifiersValueAsString": ["1"]}
    found = groups.platform.client(RUNTIME, reader).batch_get_record(Identifiers=[asked])
    assert len(found["Records"]) == 1
    control = groups.platform.client("sagemaker", reader)
    control.describe_feature_group(FeatureGroupName=groups.own.name)


def _all_but(platform: DeployedPlatform, denied: list[str]) -> dict[str, Any]:
    """A policy that allows the whole API and denies these of its paths."""
    api = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{platform.outputs['ApiId']}"
    allowed = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/*"}
    refused = {**allowed, "Effect": "Deny", "Resource": [f"{api}/$default/{d}" for d in denied]}
    return {"Version": "2012-10-17", "Statement": [allowed, refused]}


def _reads(groups: Groups, caller: Credentials) -> dict[str, bool]:
    """Which ways there are for a caller to read the group."""
    runtime, own = groups.platform.client(RUNTIME, caller), groups.own

    def batch(name: str) -> Any:
        asked = {"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["1"]}
        return runtime.batch_get_record(Identifiers=[asked])

    ways = {
        "name": lambda: groups.get(own.name, caller),
        "ARN": lambda: groups.get(own.arn, caller),
        "listing by name": lambda: runtime.list_records(FeatureGroupName=own.name),
        "listing by ARN": lambda: runtime.list_records(FeatureGroupName=own.arn),
        "batch by name": lambda: batch(own.name),
        "batch by ARN": lambda: batch(own.arn),
    }
    return {way: not _refused(call) for way, call in ways.items()}


def test_s6_a_deny_on_the_name_is_evaded_by_the_arn_and_by_batches(
    groups: Groups, role: Callable[[dict[str, Any]], Credentials]
) -> None:
    caller = role(_all_but(groups.platform, [f"*/FeatureGroup/{groups.own.name}*"]))
    ways = _reads(groups, caller)
    assert {way for way, open_ in ways.items() if not open_} == {"name", "listing by name"}


def test_s6_the_documented_deny_holds_and_leaves_other_groups_open(
    groups: Groups, role: Callable[[dict[str, Any]], Credentials]
) -> None:
    own, other = groups.own, groups.other
    forms = (own.name, own.arn, quote(own.arn, safe=""))
    paths = [f"*/FeatureGroup/{form}{rest}" for form in forms for rest in ("", "/*")]
    blind = ["POST/BatchGetRecord", "POST/BatchWriteRecord", "POST/"]
    caller = role(_all_but(groups.platform, [*paths, *blind]))
    assert not any(_reads(groups, caller).values())
    assert _refused(lambda: groups.put(own, own.name, caller))
    assert _refused(lambda: groups.put(own, own.arn, caller))
    control = groups.platform.client("sagemaker", caller)
    assert _refused(lambda: control.delete_feature_group(FeatureGroupName=own.name))
    for name in (other.name, other.arn):
        assert other.secret in groups.get(name, caller)


def test_s6_every_operation_of_the_data_plane_is_behind_a_path_of_the_documented_deny() -> None:
    assert {each.path for each in DATA_PLANE.values()} == {
        "/FeatureGroup/{group}",
        "/FeatureGroup/{group}/ListRecords",
        "/FeatureGroup/{group}/Record",
        "/BatchGetRecord",
        "/BatchWriteRecord",
    }
    assert {each.right for each in DATA_PLANE.values()} == {Right.READ, Right.WRITE}
