"""API Gateway's events to the data plane's requests, one log line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.errors import LarderError
from larder.wire.access_log import logged
from larder.wire.errors import Response, runtime_error
from larder.wire.http import parse_event
from larder.wire.runtime_api import RuntimeApi

Handler = Callable[[dict[str, Any], object], Response]


def create_handler(api: RuntimeApi) -> Handler:
    """The Lambda handler that answers by ``api``; tests pass one over a store in memory."""

    @logged
    def handle(event: dict[str, Any]) -> tuple[str, Response]:
        try:
            request = parse_event(event)
        except LarderError as error:
            request_id = event.get("requestContext", {}).get("requestId", "")
            return "Unknown", runtime_error(error, request_id)
        return api.handle(request)

    return handle
