"""The state machine's call to publish the rows of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.pipelines.runs.documents import item_of
from larder.telemetry.log import Log
from larder.wiring.pipeline_publisher import Publisher


def create_handler(
    publisher: Publisher, log: Log
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The function of one call; a repeated call goes on where the one before ended."""

    def publish(event: dict[str, Any], _context: object) -> dict[str, Any]:
        item = item_of(event["run"])
        rows = publisher.publish(item)
        log.line("INFO", message="pipeline rows published", run=item.run_id, rows=rows)
        return {"rows": rows}

    return publish
