"""The strict platform verifies every caller's signature, the root user's included, as AWS does."""

import http.client
import ssl
from collections.abc import Callable
from typing import Any

import boto3
import botocore
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from local.layout import ACCESS_KEY, ACCOUNT, HOST, REGION, SECRET_KEY
from tests.e2e.conftest import SAGEMAKER, Credentials, DeployedPlatform

pytestmark = pytest.mark.e2e
MISMATCH = {
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
}  # the last is EC2's
READS: dict[str, tuple[str, dict[str, Any]]] = {
    "athena": ("list_work_groups", {}),
    "cloudformation": ("list_stacks", {}),
    "cloudwatch": ("list_metrics", {}),
    "dynamodb": ("list_tables", {}),
    "dynamodbstreams": ("list_streams", {}),
    "ec2": ("describe_vpcs", {}),
    "elasticache": ("describe_serverless_caches", {}),
    "events": ("list_rules", {}),
    "glue": ("get_databases", {}),
    "iam": ("list_users", {}),
    "kms": ("list_keys", {}),
    "lambda": ("list_functions", {}),
    "logs": ("describe_log_groups", {}),
    "s3": ("list_buckets", {}),
    "sagemaker": ("list_feature_groups", {}),
    "sns": ("list_topics", {}),
    "sqs": ("list_queues", {}),
    "ssm": ("describe_parameters", {}),
    "sts": ("get_caller_identity", {}),
}
BY_SCOPE = {"cloudformation", "ec2", "elasticache", "iam", "lambda", "s3", "sns", "sts"}
"""At one address for all services the emulator takes these calls to the service that was signed."""


def read(client: Any, service: str) -> Any:
    name, members = READS[service]
    return getattr(client, name)(**members)


def refusal(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call()
    return dict(refused.value.response)


@pytest.mark.parametrize("service", READS)
def test_l1_the_root_user_is_known_by_its_secret(platform: DeployedPlatform, service: str) -> None:
    assert read(platform.client(service), service)
    for key in (ACCESS_KEY, ACCOUNT):  # the emulator takes an account's number for its root's key
        forged = platform.client(service, Credentials(key, SECRET_KEY[::-1] + "x"))
        answer = refusal(lambda: read(forged, service))  # noqa: B023
        code = answer["Error"]["Code"]
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        assert code in MISMATCH or (service in SAGEMAKER and status == 403)


@pytest.mark.parametrize("service", READS)
def test_l1_a_signature_is_for_one_service(platform: DeployedPlatform, service: str) -> None:
    client = platform.client(service)
    other = "sagemaker" if service != "dynamodb" else "glue"
    client.meta.events.register_last("before-sign", _sign_for(other))
    if service in BY_SCOPE:
        with pytest.raises((ClientError, ResponseParserError)):  # in that service's protocol
            read(client, service)
        return
    answer = refusal(lambda: read(client, service))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    if service not in SAGEMAKER:
        assert answer["Error"]["Code"] in MISMATCH
        assert "scoped to correct service" in answer["Error"]["Message"]


def _sign_for(name: str) -> Callable[..., None]:
    def sign(request: Any, **_: Any) -> None:
        request.context.setdefault("signing", {})["signing_name"] = name

    return sign


def _ask(
    platform: DeployedPlatform, url: str, headers: dict[str, str], method: str = "POST"
) -> tuple[int, bytes]:
    trust = ssl.create_default_context(cafile=str(platform.platform.ca_bundle))
    port = platform.platform.ports["emulator"]
    connection = http.client.HTTPSConnection(HOST, port, timeout=30, context=trust)
    try:
        body = b"{}" if method == "POST" else None
        connection.request(method, url.partition(f":{port}")[2] or url, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "authorization", ["Bearer x", "Basic dGVzdDp0ZXN0", "AWS4-HMAC-SHA256", ""]
)
@pytest.mark.parametrize(
    "target",
    ["DynamoDB_20120810.ListTables", "AWSGlue.GetDatabases", "SageMaker.ListFeatureGroups"],
)
def test_a_header_that_is_no_signature_makes_nobody_root(
    platform: DeployedPlatform, target: str, authorization: str
) -> None:
    url = platform.api + "/" if target.startswith("SageMaker") else "/"
    headers = {"x-amz-target": target, "Content-Type": "application/x-amz-json-1.1"}
    status, body = _ask(platform, url, headers | {"Authorization": authorization})
    assert status in (400, 403), body
    assert b"Summaries" not in body
    assert b"TableNames" not in body
    assert b"DatabaseList" not in body


def test_a_query_string_is_verified_as_a_header_is(platform: DeployedPlatform) -> None:
    url = f"{platform.platform.endpoint}/?Action=ListUsers&Version=2010-05-08"
    for secret, wanted in ((SECRET_KEY, 200), ("wrong", 403)):
        request = AWSRequest("GET", url)
        credentials = boto3.Session(ACCESS_KEY, secret).get_credentials()
        SigV4QueryAuth(credentials.get_frozen_credentials(), "iam", REGION).add_auth(request)
        status, body = _ask(platform, request.prepare().url, {}, method="GET")
        assert status == wanted, body


@pytest.mark.parametrize(("scope", "wanted"), [("lambda", 404), ("execute-api", 403)])
def test_a_function_url_wants_signatures_for_lambda(
    platform: DeployedPlatform, scope: str, wanted: int
) -> None:
    runtime = platform.runtime_at_url()
    runtime.meta.events.register_last("before-sign", _sign_for(scope))
    answer = refusal(
        lambda: runtime.get_record(FeatureGroupName="none", RecordIdentifierValueAsString="1")
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == wanted


def test_without_credentials_s3_shows_and_makes_no_bucket(platform: DeployedPlatform) -> None:
    anonymous = boto3.client(
        "s3",
        endpoint_url=platform.platform.endpoint,
        region_name=REGION,
        verify=str(platform.platform.ca_bundle),
        config=Config(signature_version=botocore.UNSIGNED),
    )
    bucket = platform.outputs["OfflineBucketName"]
    for call in (
        anonymous.list_buckets,
        lambda: anonymous.create_bucket(Bucket="nobodys"),
        lambda: anonymous.list_objects_v2(Bucket=bucket),
        lambda: anonymous.put_object(Bucket=bucket, Key="offline/x", Body=b""),
    ):
        assert refusal(call)["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_aws/sqs/messages"])
def test_the_emulators_own_administration_is_closed(platform: DeployedPlatform, path: str) -> None:
    assert _ask(platform, path, {})[0] == 403
    assert platform.client("dynamodb").list_tables()["TableNames"]
