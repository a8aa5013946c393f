"""boto3's client of the data plane, whose calls are answered in this process.

The client is botocore's own: its model checks parameters, its paginators page, its exceptions are
raised. Only the one method through which all operations go is another: it asks ``RuntimeApi``
instead of sending a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import boto3
import orjson
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from larder.aws.dynamodb.wire.client import DynamoRefused
from larder.client.process_plane import ProcessPlane
from larder.records.api.operations import Call
from larder.records.ports import Consistency
from larder.wire.errors import Response
from larder.wiring.data_plane import DataPlane

_SERVICE = "sagemaker-featurestore-runtime"
_VALIDATOR = ParamValidator()


def boto3_client(plane: ProcessPlane, region: str, consistency: Consistency) -> Any:  # noqa: ANN401
    """A client of ``sagemaker-featurestore-runtime`` over a data plane."""

    class Direct:
        """Goes before botocore's client among the bases of the class that botocore makes."""

        def _make_api_call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
            call = Call(operation, members, str(uuid4()), plane.caller, consistency)
            return _answer(self, plane.current, call)

    def insert(base_classes: list[type], **_: object) -> None:
        base_classes.insert(0, Direct)

    session = boto3.Session(region_name=region)
    session.events.register(f"creating-client-class.{_SERVICE}", insert)
    make: Callable[..., Any] = session.client
    return make(_SERVICE, config=Config(signature_version=UNSIGNED))


def _answer(client: Any, plane: DataPlane, call: Call) -> dict[str, Any]:  # noqa: ANN401
    """The answer to a client's call, as botocore would parse it; raises as such a client."""
    shape = client.meta.service_model.operation_model(call.operation).input_shape
    report = _VALIDATOR.validate(call.members, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    try:
        response = plane.api.perform(call)
    except DynamoRefused as refusal:
        raise ClientError(_told(refusal), call.operation) from refusal
    parsed = _parsed(response)
    if response["statusCode"] >= 300:
        raise client.exceptions.from_code(parsed["Error"]["Code"])(parsed, call.operation)
    return parsed


def _told(refusal: DynamoRefused) -> Any:  # noqa: ANN401 - botocore's own type of a response
    error = {"Code": refusal.code, "Message": str(refusal)}
    return {"Error": error, "ResponseMetadata": {"HTTPStatusCode": refusal.status}}


def _parsed(response: Response) -> dict[str, Any]:
    """A response as botocore parses one."""
    headers = response["headers"]
    members: dict[str, Any] = orjson.loads(response["body"] or b"{}")
    if response["statusCode"] >= 300:
        message = members["message"]
        error = {"Message": message, "Code": headers["x-amzn-errortype"]}
        members = {"Error": error, "Message": message}
    return members | {
        "ResponseMetadata": {
            "RequestId": headers["x-amzn-requestid"],
            "HTTPStatusCode": response["statusCode"],
            "HTTPHeaders": dict(headers),
            "RetryAttempts": 0,
        }
    }
