"""AWS's protocol REST-JSON: an operation is a method and a path, its members are in the request.

One request in, one response out; what carries HTTP (a Lambda function, a server) calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from larder.errors import LarderError, ResourceNotFound, ValidationError
from larder.wire.errors import Response, runtime_error, typed_error
from larder.wire.http import Request


class Call(Protocol):
    """What every API's call of an operation has."""

    @property
    def operation(self) -> str:
        """The operation's name in the model."""

    @property
    def request_id(self) -> str:
        """The id under which the request is answered and logged."""


CallT = TypeVar("CallT", bound=Call)


@dataclass(frozen=True, slots=True)
class RestApi(Generic[CallT]):
    """Answers requests with the operations of one API.

    Attributes:
        operations: names of the operations that are served.
        route: the operation of a request (``""`` if it has none), and the rest of its path.
        read: the call that a request is; raises ``ValidationError``.
        serve: the body of the answer to a call; raises a ``LarderError``.
        without_not_found: operations whose model has no ResourceNotFound. They say the same as a
            ValidationError.
    """

    operations: Collection[str]
    route: Callable[[Request], tuple[str, str | None]]
    read: Callable[[str, str | None, Request], CallT]
    serve: Callable[[CallT], bytes]
    without_not_found: Collection[str] = frozenset()

    def handle(self, request: Request) -> tuple[str, Response]:
        """The name of the requested operation (``"Unknown"`` if it has none), and the response."""
        operation, rest = self.route(request)
        if operation not in self.operations:
            text = (
                f"{request.method} {request.path[:120]} is no operation of this endpoint; it "
                f"serves {', '.join(self.operations)}."
            )
            return "Unknown", typed_error(
                "UnknownOperationException", 404, text, request.request_id
            )
        try:
            call = self.read(operation, rest, request)
        except LarderError as error:
            return operation, runtime_error(error, request.request_id)
        return operation, self.perform(call)

    def perform(self, call: CallT) -> Response:
        """The response to a call of one of the operations."""
        try:
            return _response(self.serve(call), call.request_id)
        except ResourceNotFound as error:
            if call.operation in self.without_not_found:
                return runtime_error(ValidationError(str(error)), call.request_id)
            return runtime_error(error, call.request_id)
        except LarderError as error:
            return runtime_error(error, call.request_id)


def _response(body: bytes, request_id: str) -> Response:
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "x-amzn-requestid": request_id},
        "body": body.decode(),
    }
