"""The state machine's call to score one shard of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.pipelines.runs.documents import item_of
from larder.predictions.score import Scoring
from larder.telemetry.log import Log


def create_handler(
    scoring: Scoring, log: Log
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The function of one call; a repeated call writes the same bytes."""

    def score(event: dict[str, Any], _context: object) -> dict[str, Any]:
        item, shard = item_of(event["run"]), int(event["shard"])
        counts = scoring.score(item, shard)
        log.line(
            "INFO",
            message="shard scored",
            run=item.run_id,
            shard=shard,
            rows=counts.rows,
            refused=counts.refused,
        )
        return {}

    return score
