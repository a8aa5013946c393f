"""The schedule's calls to rounds of heartbeats, one log line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larder.offline.heartbeats import Heartbeats
from larder.offline.ports import Remaining
from larder.telemetry.log import Log
from larder.telemetry.metrics import scheduled_run


def create_handler(
    heartbeats: Heartbeats, log: Log
) -> Callable[[dict[str, Any], Remaining], dict[str, Any]]:
    """The function of one call.

    It answers how far all writes are proven to be visible offline (µs since the epoch). It also
    answers how many shards have a heartbeat, and how many rounds are still on their way.
    """

    def beat(_event: dict[str, Any], remaining: Remaining) -> dict[str, Any]:
        sent = heartbeats.beat(remaining=remaining)
        beats = sent.beats
        answer = {
            "watermark": beats.watermark,
            "shards": len(beats.keys),
            "waiting": len(beats.rounds),
        }
        if sent.unreached:
            log.line("WARNING", message="no key leads to some shards yet", shards=sent.unreached)
        log.line("INFO", message="heartbeats sent", **answer)
        log.metrics(scheduled_run(failures=sent.unreached))
        return answer

    return beat
