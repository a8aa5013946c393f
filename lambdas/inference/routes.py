"""API Gateway's events to requests of ``sagemaker-runtime``, and the platform's own calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.models.api.invoke_operations import InvokeApi
from larder.models.score import MEMBER as SCORE
from larder.models.score import Scoring
from larder.models.warm_up import MEMBER as WARM
from larder.models.warm_up import WarmUp
from larder.telemetry.log import Log
from larder.wire.access_log import api_handler

Handler = Callable[[dict[str, Any], object], dict[str, Any]]
_LOG = Log({"Function": "inference"})


def create_handler(
    api: InvokeApi, warm_up: WarmUp, scoring: Scoring, *, log: Log = _LOG
) -> Handler:
    """The Lambda handler that answers by ``api``.

    An event with ``warm`` goes to ``warm_up``, one with ``score`` to ``scoring``.
    """
    answer = api_handler(api.handle, api.refuse, log=log)

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        if WARM in event:
            return warm_up.answer(event)
        return scoring.answer(event) if SCORE in event else answer(event, context)

    return handler
