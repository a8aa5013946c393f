"""The state machine's call to compare a candidate with its champion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.telemetry.log import Log
from larder.trainings.compare import CompareTask, Comparing


def create_handler(
    comparing: Comparing, log: Log
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The Lambda handler; a repeated call writes the same report."""

    def compare(event: dict[str, Any], _context: object) -> dict[str, Any]:
        report = comparing.compare(CompareTask.from_json(event["task"]))
        log.line("INFO", message="models compared", told=report.told)
        return {"better": report.better, "told": report.told}

    return compare
