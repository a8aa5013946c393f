"""The state machines' calls to publish the rows of a run: of a pipeline, or of a prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.pipelines.runs.documents import item_of
from larder.telemetry.log import Log
from larder.wiring.pipeline_publisher import Publisher, StagedRun


def create_handler(
    publisher: Publisher, log: Log
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The function of one call; a repeated call goes on where the one before ended."""

    def publish(event: dict[str, Any], _context: object) -> dict[str, Any]:
        if "staged" in event:
            given = event["staged"]
            staged = StagedRun(**{**given, "left_out": tuple(given["left_out"])})
            run, rows = staged.run_id, publisher.publish_rows(staged)
        else:
            item = item_of(event["run"])
            run, rows = item.run_id, publisher.publish(item)
        log.line("INFO", message="pipeline rows published", run=run, rows=rows)
        return {"rows": rows}

    return publish
