"""AWS's protocol JSON 1.1: every operation is a POST, named by the header ``X-Amz-Target``.

One request in, one response out; what carries HTTP (a Lambda function, a server) calls this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from larder.errors import LarderError
from larder.wire.errors import Response, control_error, typed_error
from larder.wire.http import Request

Members = Mapping[str, Any]
Answer = dict[str, Any] | None
Operation = Callable[[Members], Answer]
_TARGET = "SageMaker."
_FORWARDED = re.compile(r"SageMaker\.[A-Za-z]{1,100}")


@dataclass(frozen=True, slots=True)
class JsonRpcApi:
    """Answers requests with SageMaker's operations.

    Attributes:
        operations: the operations that a caller (an ARN, or ``None`` for the account) is served.
        check: the members that the operation's model allows; raises ``ValidationError``.
        forward: answers an operation that is not served, or raises ``ServiceUnavailable``.
            Without it such an operation is refused.
    """

    operations: Callable[[str | None], Mapping[str, Operation]]
    check: Callable[[str, Members], Members]
    forward: Callable[[Request], Response] | None = None

    def handle(self, request: Request) -> tuple[str, Response]:
        """The name of the requested operation (``"Unknown"`` if it has none), and the response."""
        target = request.headers.get("x-amz-target", "")
        operation = target.removeprefix(_TARGET)
        operations = self.operations(request.caller_arn)
        serve = operations.get(operation) if target.startswith(_TARGET) else None
        try:
            if serve is not None:
                answer = serve(self.check(operation, request.json_object()))
            elif self.forward is not None and _FORWARDED.fullmatch(target):
                return operation, self.forward(request)
            else:
                return "Unknown", _unknown(target, operations, request.request_id)
        except LarderError as error:
            return operation, control_error(error, request.request_id)
        return operation, _response(answer, request.request_id)


def _unknown(target: str, operations: Iterable[str], request_id: str) -> Response:
    text = (
        f"The header X-Amz-Target, {target[:120]!r}, names no operation of this endpoint. It "
        f"serves SageMaker.<operation> for {', '.join(operations)}. Call SageMaker's own endpoint "
        "for any other, or let the stage forward it (forwarding in stacks/config.py)."
    )
    return typed_error("UnknownOperationException", 400, text, request_id)


def _response(answer: Answer, request_id: str) -> Response:
    return {
        "statusCode": 200,
        "headers": {
            "content-type": "application/x-amz-json-1.1",
            "x-amzn-requestid": request_id,
        },
        "body": orjson.dumps(answer).decode() if answer is not None else "",
    }
