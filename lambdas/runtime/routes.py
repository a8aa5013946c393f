"""API Gateway's events to the data plane's requests, one log line each."""

from __future__ import annotations

from larder.wire.access_log import Handler, api_handler
from larder.wire.errors import runtime_error
from larder.wire.runtime_api import RuntimeApi


def create_handler(api: RuntimeApi) -> Handler:
    """The Lambda handler that answers by ``api``; tests pass one over a store in memory."""
    return api_handler(api.handle, runtime_error)
