"""API Gateway's events to the control plane's requests, one log line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.errors import LarderError
from larder.feature_metadata import FeatureCatalog
from larder.wire.access_log import logged
from larder.wire.annotation_api import annotation_operations
from larder.wire.control_api import ControlApi, feature_group_operations
from larder.wire.errors import Response, control_error
from larder.wire.http import parse_event

Handler = Callable[[dict[str, Any], object], Response]


def create_handler(catalog: FeatureCatalog) -> Handler:
    """The Lambda handler over a control plane; tests pass one with stores in memory."""
    api = ControlApi({**feature_group_operations(catalog.groups), **annotation_operations(catalog)})

    @logged
    def handle(event: dict[str, Any]) -> tuple[str, Response]:
        try:
            request = parse_event(event)
        except LarderError as error:
            request_id = event.get("requestContext", {}).get("requestId", "")
            return "Unknown", control_error(error, request_id)
        return api.handle(request)

    return handle
