"""boto3's client of the data plane, whose calls are answered in this process.

The client is botocore's own: its model checks parameters, its paginators page, its exceptions are
raised. Only the one method through which all operations go is another: it asks ``RuntimeApi``
instead of sending a request.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import orjson
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from larder.adapters.dynamodb_wire.client import DynamoRefused
from larder.client.process_plane import ProcessPlane
from larder.record_store import Consistency
from larder.wire.errors import Response
from larder.wire.runtime_api import Call

_SERVICE = "sagemaker-featurestore-runtime"
_VALIDATOR = ParamValidator()


def boto3_client(plane: ProcessPlane, region: str, consistency: Consistency) -> Any:  # noqa: ANN401
    """A client of ``sagemaker-featurestore-runtime`` over a data plane."""

    class Direct:
        """Goes before botocore's client among the bases of the class that botocore makes."""

        meta: Any
        exceptions: Any

        def _make_api_call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
            shape = self.meta.service_model.operation_model(operation).input_shape
            report = _VALIDATOR.validate(members, shape)
            if report.has_errors():
                raise ParamValidationError(report=report.generate_report())
            call = Call(
                operation,
                members,
                request_id=str(uuid.uuid4()),
                caller_arn=plane.caller,
                consistency=consistency,
            )
            try:
                response = plane.current.api.perform(call)
            except DynamoRefused as refusal:
                raise ClientError(_told(refusal), operation) from refusal
            parsed = _parsed(response)
            if response["statusCode"] >= 300:
                raise self.exceptions.from_code(parsed["Error"]["Code"])(parsed, operation)
            return parsed

    def insert(base_classes: list[type], **_: object) -> None:
        base_classes.insert(0, Direct)

    session = boto3.Session(region_name=region)
    session.events.register(f"creating-client-class.{_SERVICE}", insert)
    make: Callable[..., Any] = session.client
    return make(_SERVICE, config=Config(signature_version=UNSIGNED))


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
