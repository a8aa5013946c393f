"""Calls of the state machine to steps of an update, one log line each.

The event has ``EndpointName`` and ``Deployment``, and ``Broken`` where the machine gives up. The
answer says whether the update is ``Over``, and in how many ``Seconds`` the next step is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from larder.models.deploy import BROKEN, DEPLOYMENT, ENDPOINT, Deployments
from larder.telemetry.log import Log, trace_of


def create_step(
    deployments: Deployments, log: Log
) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """The Lambda handler; what it raises, the machine repeats."""

    def step(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        name, uid = event[ENDPOINT], event[DEPLOYMENT]
        try:
            seconds = deployments.step(name, uid, event.get(BROKEN, ""))
        except Exception as error:
            log.line("ERROR", endpoint=name, deployment=uid, trace=trace_of(error))
            raise
        log.line("INFO", endpoint=name, deployment=uid, next_in_seconds=seconds)
        return {"Over": seconds == 0, "Seconds": max(1, seconds)}

    return step
