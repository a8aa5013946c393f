"""A web page of another site can do nothing at any port of the plain platform.

The plain platform verifies no signatures, so a request that passes is obeyed. Each attack is a
request as a browser sends it for a foreign page: without credentials and without a preflight. Its
effect is then looked for through AWS's own APIs.
"""

import base64
import http.client
import io
import json
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from local.clients import client
from local.layout import ACCOUNT, HOST, Platform
from local.services import cluster_bus_port
from tests.support.plain_services import plain_services

pytestmark = pytest.mark.e2e
ORIGIN = "https://attacker.example"
CONSOLE = "https://d111.cloudfront.net"
MARKS = """
import os, boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket="marks", Key="called", Body=b"")
    return {"statusCode": 200, "body": "called"}
"""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"


@dataclass(frozen=True, slots=True)
class Target:
    """The platform under attack, with a function that leaves a mark when it is called."""

    platform: Platform
    api: str
    url: str

    def client(self, service: str) -> Any:
        return client(self.platform, service)

    @property
    def marks(self) -> list[Any]:
        listed = self.client("s3").list_objects_v2(Bucket="marks")
        return list(listed.get("Contents", []))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with plain_services(tmp_path_factory.mktemp("web-pages")) as platform:
        client(platform, "s3").create_bucket(Bucket="marks")
        functions = client(platform, "lambda")
        functions.create_function(**function("marks"))
        url = functions.create_function_url_config(FunctionName="marks", AuthType="NONE")
        yield Target(
            platform,
            api=_http_api(platform),
            url=f"/_aws/lambda-url/{url['FunctionUrl'].partition('://')[2].partition('.')[0]}/",
        )


def function(name: str) -> dict[str, Any]:
    """CreateFunction's members."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("index.py", MARKS)
    return {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": ROLE,
        "Code": {"ZipFile": archive.getvalue()},
    }


def _http_api(platform: Platform) -> str:
    """The path of an API whose template allows the console's origin."""
    template = {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "cors",
                "ProtocolType": "HTTP",
                "CorsConfiguration": {
                    "AllowOrigins": [CONSOLE],
                    "AllowMethods": ["GET", "POST"],
                    "AllowHeaders": ["x-amz-date"],
                    "ExposeHeaders": ["x-amzn-errortype"],
                    "MaxAge": 3600,
                },
            },
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:marks",
                "PayloadFormatVersion": "2.0",
            },
        },
        "Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": "POST /mark",
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
            },
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
    }
    cloudformation = client(platform, "cloudformation")
    cloudformation.create_stack(
        StackName="cors",
        TemplateBody=json.dumps(
            {"Resources": template, "Outputs": {"Id": {"Value": {"Ref": "Api"}}}}
        ),
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="cors", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    (stack,) = cloudformation.describe_stacks(StackName="cors")["Stacks"]
    return f"/_aws/execute-api/{stack['Outputs'][0]['OutputValue']}/$default"


def ask(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """One request as it stands: http.client adds ``Host`` only where ``headers`` has none."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


PAGES = {
    "a fetch without preflight": {"Origin": ORIGIN, "Content-Type": "text/plain"},
    "a sandboxed frame": {"Origin": "null", "Content-Type": "text/plain"},
    "a page of another local server": {"Origin": "http://localhost:3000"},
    "a request without an origin": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a name that was given this address": {"Host": "attacker.example"},
}
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


def _create_function(target: Target) -> tuple[str, str, bytes]:
    wanted = function("attack")
    wanted["Code"] = {"ZipFile": base64.b64encode(wanted["Code"]["ZipFile"]).decode()}
    return "POST", "/2015-03-31/functions", json.dumps(wanted).encode()


def _create_user(_target: Target) -> tuple[str, str, bytes]:
    return "GET", "/?Action=CreateUser&UserName=attack&Version=2010-05-08", b""


def _create_stack(_target: Target) -> tuple[str, str, bytes]:
    bucket = {"Resources": {"Attack": {"Type": "AWS::S3::Bucket"}}}
    template = quote(json.dumps(bucket))
    body = f"Action=CreateStack&StackName=attack&TemplateBody={template}"
    return "POST", "/", body.encode()


def _put_object(_target: Target) -> tuple[str, str, bytes]:
    return "POST", "/marks/attack", b"x"


def _call_by_api(target: Target) -> tuple[str, str, bytes]:
    return "POST", f"{target.api}/mark", b"{}"


def _call_by_url(target: Target) -> tuple[str, str, bytes]:
    return "POST", target.url, b"{}"


def _invoke(_target: Target) -> tuple[str, str, bytes]:
    return "POST", "/2015-03-31/functions/marks/invocations", b"{}"


def _reset(_target: Target) -> tuple[str, str, bytes]:
    return "POST", "/_ministack/reset", b""


ATTACKS = [
    _create_function,
    _create_user,
    _create_stack,
    _put_object,
    _call_by_api,
    _call_by_url,
    _invoke,
    _reset,
]


@every_page
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_foreign_page_does_nothing_at_the_emulator(
    target: Target, attack: Callable[[Target], tuple[str, str, bytes]], page: dict[str, str]
) -> None:
    method, path, body = attack(target)
    status, headers, answer = ask(target.platform.ports["emulator"], method, path, page, body)
    assert status == 403, answer
    assert not [name for name in headers if name.startswith("access-control")]
    assert [f["FunctionName"] for f in target.client("lambda").list_functions()["Functions"]] == [
        "marks"
    ]
    assert target.client("iam").list_users()["Users"] == []
    stacks = target.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks] == ["cors"]
    assert target.marks == []


@every_page
def test_a_foreign_pages_preflight_is_refused(target: Target, page: dict[str, str]) -> None:
    asked = page | {"Access-Control-Request-Method": "POST"}
    for path in ("/", "/marks/key", target.url):
        status, headers, _ = ask(target.platform.ports["emulator"], "OPTIONS", path, asked)
        assert status == 403
        assert not [name for name in headers if name.startswith("access-control")]


def test_a_foreign_page_opens_no_web_socket(target: Target) -> None:
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Origin": ORIGIN,
    }
    status, _, _ = ask(target.platform.ports["emulator"], "GET", f"{target.api}/", handshake)
    assert status == 403


@every_page
def test_a_foreign_page_runs_no_query(target: Target, page: dict[str, str]) -> None:
    asked = {
        "QueryString": "SELECT 1",
        "ResultConfiguration": {"OutputLocation": "s3://marks/results"},
    }
    headers = page | {"X-Amz-Target": "AmazonAthena.StartQueryExecution"}
    port = target.platform.ports["athena"]
    assert ask(port, "POST", "/", headers, json.dumps(asked).encode())[0] == 403
    assert ask(port, "GET", "/health", page)[0] == 403
    athena = target.client("athena")
    assert athena.list_query_executions(WorkGroup="primary")["QueryExecutionIds"] == []
    assert target.marks == []


@every_page
@pytest.mark.parametrize("of_port", [int, cluster_bus_port], ids=["port", "bus"])
def test_a_foreign_page_writes_nothing_to_valkey(
    target: Target, page: dict[str, str], of_port: Callable[[int], int]
) -> None:
    port = target.platform.ports["valkey"]
    headers = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": "x"} | page).items())
    body = "SET attack done\r\n"
    request = f"POST / HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"
    with socket.create_connection((HOST, of_port(port)), timeout=10) as connection:
        connection.sendall(request.encode())
        with suppress(ConnectionResetError):  # Valkey closes at the first line of HTTP
            while connection.recv(4096):
                pass
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(b"EXISTS attack\r\n")
        assert connection.recv(64) == b":0\r\n"


def test_the_origin_that_an_apis_template_names_is_answered_by_that_api_alone(
    target: Target,
) -> None:
    port = target.platform.ports["emulator"]
    page = {"Origin": CONSOLE, "Sec-Fetch-Site": "cross-site"}
    asked = page | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-amz-date",
    }
    status, headers, answer = ask(port, "OPTIONS", f"{target.api}/mark", asked)
    assert status == 204, answer
    assert headers["access-control-allow-origin"] == CONSOLE
    assert headers["access-control-allow-methods"] == "GET,POST"
    assert headers["access-control-allow-headers"] == "x-amz-date"
    assert headers["access-control-max-age"] == "3600"
    status, headers, answer = ask(port, "POST", f"{target.api}/mark", page, b"{}")
    assert (status, answer) == (200, b"called")
    assert headers["access-control-allow-origin"] == CONSOLE
    assert [mark["Key"] for mark in target.marks] == ["called"]
    target.client("s3").delete_object(Bucket="marks", Key="called")
    assert ask(port, "POST", target.url, page)[0] == 403
    assert ask(port, "POST", "/marks/attack", page)[0] == 403
    assert target.marks == []
