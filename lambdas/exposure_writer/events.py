"""Deliveries of a log subscription, and the schedule's calls.

A delivery is ``{"awslogs": {"data": …}}``: base64 of gzip of a JSON document with ``logEvents``
(AWS, CloudWatch Logs user guide, "Log group-level subscription filters"). A delivery of type
``CONTROL_MESSAGE`` asks only whether the function can be reached.
"""

from __future__ import annotations

import gzip
import time
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from larder.errors import LarderError
from larder.models.keep_exposures import ExposureKeeper
from larder.models.park_exposures import ParkedExposures
from larder.models.record_exposures import WHOLE, ExposureRecorder, LogLine, Recorded
from larder.offline.ports import Remaining
from larder.telemetry.log import Log
from larder.telemetry.metrics import Metric, scheduled_run

Handle = Callable[[Mapping[str, Any], Remaining], dict[str, Any]]


def create_handler(
    recorder: ExposureRecorder, parked: ParkedExposures, keeper: ExposureKeeper, log: Log
) -> Handle:
    """The function of every event: a delivery has ``awslogs``, the schedule's event has none."""

    def record(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        done = recorder.record(lines_of(event["awslogs"]), remaining=remaining)
        _tell(done, log)
        return _answer(done)

    def on_schedule(remaining: Remaining) -> dict[str, Any]:
        drained = parked.drain(lambda each: record(orjson.loads(each), remaining), remaining)
        for key, problem in drained.waiting.items():
            log.line("WARNING", message="delivery still parked", key=key, problem=problem)
        kept = asdict(keeper.keep(remaining=remaining))
        log.line("INFO", message="table kept", table=keeper.table.name, **kept)
        log.metrics(scheduled_run(failures=len(drained.waiting)))
        return {"recorded": drained.recorded, "waiting": len(drained.waiting), **kept}

    def handle(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        if "awslogs" not in event:
            return on_schedule(remaining)
        try:
            return record(event, remaining)
        except LarderError as error:
            key = parked.park(orjson.dumps(event))
            log.line("WARNING", message="delivery parked", key=key, problem=str(error))
            return {"parked": key}

    return handle


def _answer(done: Recorded) -> dict[str, Any]:
    told = {"rows": done.rows, "duplicates": done.duplicates}
    # a redrive has to know what was set aside again
    return {**told, "quarantined": len(done.quarantined)} if done.quarantined else told


def lines_of(delivery: Any) -> list[LogLine]:  # noqa: ANN401 - whatever was delivered
    """The lines of a delivery. One that can't be read is one line with a problem.

    So it goes to quarantine whole.
    """
    try:
        data = delivery["data"]
        document = orjson.loads(gzip.decompress(b64decode(data)))
        if document["messageType"] == "CONTROL_MESSAGE":
            return []
        return [
            LogLine(str(each["id"]), str(each["message"]), int(each["timestamp"]))
            for each in document["logEvents"]
        ]
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError):
        now, text = int(time.time() * 1000), orjson.dumps(delivery).decode()
        return [LogLine(WHOLE, text, now, "the delivery is not of a log subscription")]


def _tell(done: Recorded, log: Log) -> None:
    log.line(
        "INFO",
        message="exposures recorded",
        rows=done.rows,
        duplicates=done.duplicates,
        captured=done.captured or None,
        other_lines=done.other or None,
    )
    for each in done.quarantined:
        log.line("ERROR", message="exposure quarantined", key=each.place, reason=each.reason)
    for each in done.captures_lost:
        log.line("ERROR", message="captured data was lost", folder=each.place, reason=each.reason)
    for reason, count in done.shadows_failed.items():
        log.line("WARNING", message="shadows were not scored", instances=count, reason=reason)
    metrics: dict[str, tuple[float, str]] = {Metric.EXPOSURE_ROWS: (float(done.rows), "Count")}
    lost = sum(each.lines for each in done.captures_lost)
    for name, count in (
        (Metric.QUARANTINED_EXPOSURES, len(done.quarantined)),
        (Metric.CAPTURES_LOST, lost),
        (Metric.SHADOWS_FAILED, sum(done.shadows_failed.values())),
    ):
        if count:
            metrics[name] = (float(count), "Count")
    log.metrics(metrics)
