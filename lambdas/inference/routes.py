"""API Gateway's events to requests of ``sagemaker-runtime``, and the control plane's warm-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.models.api.invoke_operations import InvokeApi
from larder.models.warm_up import MEMBER, WarmUp
from larder.telemetry.log import Log
from larder.wire.access_log import api_handler

Handler = Callable[[dict[str, Any], object], dict[str, Any]]
_LOG = Log({"Function": "inference"})


def create_handler(api: InvokeApi, warm_up: WarmUp, *, log: Log = _LOG) -> Handler:
    """The Lambda handler that answers by ``api``; an event with ``warm`` goes to ``warm_up``."""
    answer = api_handler(api.handle, api.refuse, log=log)

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        return warm_up.answer(event) if MEMBER in event else answer(event, context)

    return handler
