"""Errors as ``sagemaker-runtime`` models them: the code in ``x-amzn-ErrorType``, words in a body.

ModelError has status 424 and says what the model's own server would have answered.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from larder import errors
from larder.models.errors import ModelError
from larder.wire.errors import Response, typed_error

_CODES: tuple[tuple[type[errors.LarderError], str, int], ...] = (
    (errors.AccessForbidden, "AccessDeniedException", 403),
    (errors.ThrottlingException, "ServiceUnavailable", 503),
    (errors.ServiceUnavailable, "ServiceUnavailable", 503),
    (errors.ConfigurationError, "InternalFailure", 500),
    (errors.LarderError, "ValidationError", 400),
)
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a model's log is: ``group`` of CloudWatch Logs, in an account and a region."""

    partition: str
    region: str
    account_id: str
    group: str

    @property
    def arn(self) -> str:
        """The ARN of the group."""
        return f"arn:{self.partition}:logs:{self.region}:{self.account_id}:log-group:{self.group}"

    @property
    def address(self) -> str:
        """The address of the group in AWS's console."""
        return (
            f"https://{self.region}.console.aws.amazon.com/cloudwatch/home?region={self.region}"
            f"#logEventViewer:group={self.group}"
        )


def error_response(error: errors.LarderError, request_id: str, log: LogPlace) -> Response:
    """The response that says an error."""
    if isinstance(error, ModelError):
        return _model_error(error, request_id, log)
    code, status = next((code, status) for kind, code, status in _CODES if isinstance(error, kind))
    return typed_error(code, status, str(error), request_id)


def _model_error(error: ModelError, request_id: str, log: LogPlace) -> Response:
    said = str(error)[:_LONGEST]
    side = "client" if error.status < 500 else "server"
    message = (
        f'Received {side} error ({error.status}) from primary with message "{said}". See '
        f"{log.address} in account {log.account_id} for more information."
    )
    response = typed_error("ModelError", 424, message, request_id)
    members = {
        "OriginalStatusCode": error.status,
        "OriginalMessage": said,
        "LogStreamArn": log.arn,
    }
    body = {**orjson.loads(response["body"]), **members}
    return {**response, "body": orjson.dumps(body).decode()}
