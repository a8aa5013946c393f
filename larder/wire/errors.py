"""Larder's errors as SageMaker's typed errors on the wire.

boto3 raises a typed exception only if the error's shape name reaches it. The data plane (REST-JSON)
has it in the header ``x-amzn-ErrorType``. The control plane (JSON 1.1) has it in the body's
``__type``. Both are always sent.
"""

from __future__ import annotations

from typing import Any

import orjson

from larder import errors

Response = dict[str, Any]

_RUNTIME: dict[type[errors.LarderError], tuple[str, int]] = {
    errors.ValidationError: ("ValidationError", 400),
    errors.ResourceNotFound: ("ResourceNotFound", 404),
    errors.ResourceInUse: ("ConflictException", 409),
    errors.ResourceLimitExceeded: ("ValidationError", 400),
    errors.AccessForbidden: ("AccessForbidden", 403),
    errors.ConflictException: ("ConflictException", 409),
    errors.ThrottlingException: ("ThrottlingException", 429),
    errors.ServiceUnavailable: ("ServiceUnavailable", 503),
}
_CONTROL: dict[type[errors.LarderError], tuple[str, int]] = {
    **_RUNTIME,
    errors.ValidationError: ("ValidationException", 400),
    errors.ResourceNotFound: ("ResourceNotFound", 400),
    errors.ResourceInUse: ("ResourceInUse", 400),
    errors.ResourceLimitExceeded: ("ResourceLimitExceeded", 400),
    errors.AccessForbidden: ("AccessDeniedException", 403),
    errors.ConflictException: ("ConflictException", 400),
    errors.ThrottlingException: ("ThrottlingException", 400),
}
_INTERNAL = ("InternalFailure", 500)
_INTERNAL_TEXT = "An internal error occurred; the function's log has it under this request id."


def runtime_code(error: errors.LarderError) -> str:
    """The error's code on the data plane, which batch results have too."""
    return _look_up(_RUNTIME, error)[0]


def runtime_error(error: errors.LarderError, request_id: str) -> Response:
    """The HTTP response of an error on the data plane."""
    return _response(*_look_up(_RUNTIME, error), str(error), "json", request_id)


def control_error(error: errors.LarderError, request_id: str) -> Response:
    """The HTTP response of an error on the control plane."""
    code, status = _look_up(_CONTROL, error)
    return _response(code, status, str(error), "x-amz-json-1.1", request_id)


def typed_error(code: str, status: int, message: str, request_id: str) -> Response:
    """An error whose code no ``LarderError`` has, such as an unknown operation."""
    return _response(code, status, message, "json", request_id)


def internal_failure(request_id: str) -> Response:
    """The answer to a bug: it tells the caller nothing but where to look."""
    return _response(*_INTERNAL, _INTERNAL_TEXT, "json", request_id)


def _look_up(
    table: dict[type[errors.LarderError], tuple[str, int]], error: errors.LarderError
) -> tuple[str, int]:
    kinds = (kind for kind in type(error).__mro__ if kind in table)
    return next((table[kind] for kind in kinds), _INTERNAL)


def _response(code: str, status: int, message: str, subtype: str, request_id: str) -> Response:
    body = orjson.dumps({"__type": code, "message": message, "Message": message})
    return {
        "statusCode": status,
        "headers": {
            "content-type": f"application/{subtype}",
            "x-amzn-errortype": code,
            "x-amzn-requestid": request_id,
        },
        "body": body.decode(),
    }
