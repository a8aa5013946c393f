"""The edge of a function behind HTTP: one log line a request, and the one place that stops a bug.

The line has operation, method and path, status, milliseconds, request id and the error's code. No
value of a record is logged, nor an identifier.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from larder.errors import LarderError
from larder.telemetry.log import Log, trace_of
from larder.wire.errors import Response, internal_failure
from larder.wire.http import Request, parse_event

Serve = Callable[[dict[str, Any]], tuple[str, Response]]
Handler = Callable[[dict[str, Any], object], Response]


def api_handler(
    answer: Callable[[Request], tuple[str, Response]],
    refuse: Callable[[LarderError, str], Response],
    *,
    log: Log,
) -> Handler:
    """The Lambda handler of an API.

    ``answer`` gives an operation's name and its response; ``refuse`` says an error in the API's
    own form, where not even a request can be made of the event.
    """

    def serve(event: dict[str, Any]) -> tuple[str, Response]:
        try:
            request = parse_event(event)
        except LarderError as error:
            return "Unknown", refuse(error, event.get("requestContext", {}).get("requestId", ""))
        return answer(request)

    return _logged(serve, log)


def _logged(serve: Serve, log: Log) -> Handler:

    def handler(event: dict[str, Any], _context: object) -> Response:
        start = perf_counter()
        context = event.get("requestContext", {})
        request_id = context.get("requestId", "")
        operation, trace = "Unknown", None
        try:
            operation, response = serve(event)
        except Exception as error:  # the edge: a bug is logged and answered as 500
            trace = trace_of(error)
            response = internal_failure(request_id)
        log.line(
            "ERROR" if trace else "INFO",
            operation=operation,
            method=context.get("http", {}).get("method"),
            path=event.get("rawPath"),
            status=response["statusCode"],
            ms=round((perf_counter() - start) * 1000, 2),
            request_id=request_id,
            error=response["headers"].get("x-amzn-errortype"),
            trace=trace,
        )
        return response

    return handler
