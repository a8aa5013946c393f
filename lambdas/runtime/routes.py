"""API Gateway's events to the data plane's requests, one log line each."""

from __future__ import annotations

from typing import Any, Protocol

from larder.records.api.operations import RuntimeApi
from larder.telemetry.log import Log
from larder.wire.access_log import Handler, api_handler
from larder.wire.errors import Response, runtime_error

_EVERY_SECONDS = 10.0
_LOG = Log({"Function": "runtime"})


class Counting(Protocol):
    """The in-memory tier, as far as its metrics go."""

    def take_counts(self) -> dict[str, int]:
        """Counts since the last call by the metrics' names (``MemoryTier.take_counts``)."""


def create_handler(api: RuntimeApi, memory: Counting | None = None, *, log: Log = _LOG) -> Handler:
    """The Lambda handler that answers by ``api``; tests pass one over a store in memory.

    What ``memory`` counts becomes metrics, at most once in ten seconds.
    """
    handler = api_handler(api.handle, runtime_error, log=log)
    return handler if memory is None else counted(handler, memory, log=log)


def counted(handler: Handler, memory: Counting, *, log: Log) -> Handler:
    """The handler, which after an answer writes metrics where they are due."""
    due = 0.0

    def answer(event: dict[str, Any], context: object) -> Response:
        nonlocal due
        response = handler(event, context)
        now = log.clock()
        if now >= due:
            due = now + _EVERY_SECONDS
            counts = memory.take_counts()
            log.metrics({name: (float(count), "Count") for name, count in counts.items()})
        return response

    return answer
