"""The schedule's calls, or an operator's, to rounds over the offline tables; a log line a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from larder.offline.maintain import Maintenance
from larder.offline.ports import Remaining
from larder.telemetry.log import Log
from larder.telemetry.metrics import scheduled_run


def create_handler(
    maintenance: Maintenance, log: Log
) -> Callable[[dict[str, Any], Remaining], dict[str, Any]]:
    """The function of one call.

    It keeps the tables of all groups, or of those named in ``event["groups"]``. It answers what was
    done for each, why some failed, and which were not reached in time.
    """

    def keep(event: dict[str, Any], remaining: Remaining) -> dict[str, Any]:
        done = maintenance.run(remaining=remaining, only=event.get("groups") or ())
        for name, kept in done.done.items():
            log.line("INFO", message="table kept", group=name, **asdict(kept))
        for name, error in done.failed.items():
            log.line("ERROR", message="table not kept", group=name, error=str(error))
        for text in done.overlaps:
            log.line("WARNING", message="offline files overlap", problem=text)
        if done.unreached:
            log.line("WARNING", message="time ran out", groups=done.unreached)
        if not event.get("groups"):  # some tables say nothing about the round over all
            log.metrics(scheduled_run(failures=len(done.failed) + len(done.unreached)))
        return {
            "kept": {name: asdict(kept) for name, kept in done.done.items()},
            "failed": {name: str(error) for name, error in done.failed.items()},
            "unreached": done.unreached,
            "overlaps": done.overlaps,
        }

    return keep
