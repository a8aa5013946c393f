"""Unmodified boto3 clients whose requests go to a Lambda handler in this process.

botocore serializes, signs and parses as ever; only the socket is replaced. Every answer is held
against botocore's model (``tests.support.answers``).
"""

import base64
from io import BytesIO
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from larder.groups.api import request_shapes as control_shapes
from larder.models.api import control_shapes as model_shapes
from larder.monitoring.api import shapes as monitoring_shapes
from larder.records.api import shapes as runtime_shapes
from larder.records.api.routes import operation_of
from larder.transforms.api import shapes as transform_shapes
from larder.wire.http import parse_event
from tests.support.answers import check_answer

_SERVED = (
    control_shapes.REQUESTS.keys()
    | model_shapes.REQUESTS.keys()
    | runtime_shapes.REQUESTS.keys()
    | transform_shapes.REQUESTS.keys()
    | monitoring_shapes.REQUESTS.keys()
)
_TEXT = ("application/json", "text/")


class _Raw(BytesIO):
    def stream(self, **_kwargs):
        yield self.read()


def bound_client(service, handler, region="us-east-1", *, ours=True):
    """A client of the service that talks to ``handler`` as API Gateway's HTTP API would.

    Answers that are not ``ours`` are not held against the model.
    """
    client = boto3.client(
        service,
        region_name=region,
        endpoint_url="http://door.invalid",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def send(request, **_kwargs):
        answer = handler(http_api_event(request), None)
        body = (answer.get("body") or "").encode()
        return AWSResponse(request.url, answer["statusCode"], answer["headers"], _Raw(body))

    client.meta.events.register(
        f"before-send.{client.meta.service_model.service_id.hyphenize()}", send
    )
    if ours:
        client.meta.events.register("after-call", _check_answer)
    return client


def checked_runtime(handler):
    """The data plane's handler, with every answer held against the model of its operation."""

    def checked(event, context):
        answer = handler(event, context)
        good = answer["statusCode"] == 200
        operation = operation_of(parse_event(event))[0] if good else None
        check_answer("sagemaker-featurestore-runtime", operation, answer)
        return answer

    return checked


def _check_answer(http_response, model, **_):
    if model.name in _SERVED:
        body, headers = http_response.content.decode(), http_response.headers
        answer = {"statusCode": http_response.status_code, "headers": headers, "body": body}
        check_answer(model.service_model.service_name, model.name, answer)


def http_api_event(request):
    """The payload 2.0 event of a prepared request; bodies without a text type are base64."""
    url = urlsplit(request.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    binary = not headers.get("content-type", "").startswith(_TEXT)
    return {
        "version": "2.0",
        "rawPath": url.path or "/",
        "rawQueryString": url.query,
        "headers": headers,
        "requestContext": {
            "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/tester"}},
            "http": {"method": request.method, "path": url.path or "/"},
            "requestId": "req-door",
        },
        "body": base64.b64encode(body).decode() if binary else body.decode(),
        "isBase64Encoded": binary,
    }
