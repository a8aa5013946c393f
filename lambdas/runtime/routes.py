"""API Gateway's events to the data plane's requests, one log line each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from larder.records.api.operations import RuntimeApi
from larder.telemetry.emf import metric_line
from larder.wire.access_log import Handler, api_handler
from larder.wire.errors import Response, runtime_error

_EVERY_SECONDS = 10.0


class Counting(Protocol):
    """The in-memory tier, as far as its metrics go."""

    def take_counts(self) -> dict[str, int]:
        """See ``MemoryTier.take_counts``."""


def create_handler(api: RuntimeApi, memory: Counting | None = None) -> Handler:
    """The Lambda handler that answers by ``api``; tests pass one over a store in memory.

    What ``memory`` counts becomes metrics, at most once in ten seconds.
    """
    handler = api_handler(api.handle, runtime_error)
    return handler if memory is None else counted(handler, memory)


def counted(
    handler: Handler,
    memory: Counting,
    *,
    clock: Callable[[], float] = time.time,
    log: Callable[[str], object] = print,
) -> Handler:
    """The handler, and now and then a line of metrics after an answer."""
    due = 0.0

    def answer(event: dict[str, Any], context: object) -> Response:
        nonlocal due
        response = handler(event, context)
        now = clock()
        if now >= due:
            due = now + _EVERY_SECONDS
            counts = {name: (float(count), "Count") for name, count in memory.take_counts().items()}
            if counts:
                log(metric_line(counts, {"Function": "runtime"}, now_millis=int(now * 1000)))
        return response

    return answer
