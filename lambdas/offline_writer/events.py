"""DynamoDB stream events in, batch item failures out, one log line per commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import orjson

from larder.offline.ports import Remaining
from larder.offline.redrive import FailureObjects, Redrive
from larder.offline.watermark import Heartbeat
from larder.offline.write import BatchReport, Commit, Delivered, OfflineWriter
from larder.telemetry.log import Log
from larder.telemetry.metrics import Metric, scheduled_run


def create_consumer(
    writer: OfflineWriter, parse: Callable[[Mapping[str, Any]], Delivered], log: Log
) -> Callable[[Mapping[str, Any], Remaining], dict[str, Any]]:
    """The function of one event; ``parse`` reads each record of it.

    A redriven event (``"redrive": true``) is answered with counts and what was quarantined beside
    the failures, because Lambda does not deliver it again.
    """

    def consume(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        records = event["Records"]
        changes = [parse(record) for record in records]
        if event.get("redrive"):  # a heartbeat proves nothing where its order is lost
            kept = [at for at, each in enumerate(changes) if not isinstance(each, Heartbeat)]
            records, changes = [records[at] for at in kept], [changes[at] for at in kept]
        report = writer.write(changes, remaining=remaining, redriven=bool(event.get("redrive")))
        _tell(report, log)
        answer: dict[str, Any] = {"batchItemFailures": _failures(records, report)}
        return answer | _counts(report) if event.get("redrive") else answer

    return consume


def create_drain(
    consume: Callable[[Mapping[str, Any], Remaining], Mapping[str, Any]],
    objects: FailureObjects,
    log: Log,
) -> Callable[[Remaining], dict[str, Any]]:
    """The scheduled part: what was parked is written once its table can be written again."""

    @dataclass(frozen=True)
    class Here:
        """The writer in this process, instead of a call of the deployed one."""

        remaining: Remaining

        def invoke(self, payload: bytes) -> Mapping[str, Any]:
            return consume(orjson.loads(payload), self.remaining)

    def drain(remaining: Remaining) -> dict[str, Any]:
        done = Redrive(objects, Here(remaining)).drain_parked(remaining)
        for each in done:
            if each.problem:
                log.line("WARNING", message="still parked", key=each.key, records=each.records)
            else:
                log.line("INFO", message="parked changes written", **asdict(each))
        waiting = sum(each.problem is not None for each in done)
        in_time = remaining() > 0
        run = scheduled_run(failures=waiting + (not in_time))
        log.metrics({Metric.PARKED_GROUPS: (float(waiting), "Count"), **run})
        return {"drained": len(done) - waiting, "waiting": waiting}

    return drain


def by_kind(
    consume: Callable[[Mapping[str, Any], Remaining], dict[str, Any]],
    drain: Callable[[Remaining], dict[str, Any]],
) -> Callable[[Mapping[str, Any], Remaining], dict[str, Any]]:
    """The function of every event: a batch has ``Records``, the schedule's event has none."""

    def handle(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        return consume(event, remaining) if "Records" in event else drain(remaining)

    return handle


def _counts(report: BatchReport) -> dict[str, Any]:
    return {
        "rows": sum(each.appended.rows + each.appended.by_others for each in report.commits),
        "duplicates": sum(commit.appended.duplicates for commit in report.commits),
        "quarantined": [{"key": each.key, "reason": each.reason} for each in report.quarantined],
        "error": None if report.error is None else str(report.error),
    }


def _failures(records: list[Mapping[str, Any]], report: BatchReport) -> list[dict[str, str]]:
    if report.failed is None:
        return []
    first = cast("str", records[report.failed]["dynamodb"]["SequenceNumber"])
    return [{"itemIdentifier": first}]


def _tell(report: BatchReport, log: Log) -> None:
    for commit in report.commits:
        _tell_commit(commit, log)
    for each in report.quarantined:  # its object has the whole reason, which may quote values
        log.line("ERROR", message="record quarantined", key=each.key, reason=each.cause)
    if report.quarantined:
        log.metrics({Metric.QUARANTINED_RECORDS: (float(len(report.quarantined)), "Count")})
    for parked in report.parked:
        log.line(
            "ERROR",
            message="group parked: its changes wait in S3",
            uid=parked.uid,
            changes=parked.changes,
            key=parked.key,
            cause=parked.cause,
        )
    if report.parked:
        parked_changes = float(sum(each.changes for each in report.parked))
        log.metrics({Metric.PARKED_CHANGES: (parked_changes, "Count")})
    if report.error is not None:
        log.line("WARNING", message="batch to be delivered again", error=str(report.error))


def _tell_commit(commit: Commit, log: Log) -> None:
    metrics: dict[str, tuple[float, str]] = {
        Metric.OFFLINE_ROWS: (float(commit.appended.rows), "Count")
    }
    lag = None
    if commit.oldest_write_time is not None:
        lag = int(log.clock() * 1000) - commit.oldest_write_time // 1000
        metrics[Metric.OFFLINE_LAG] = (float(lag), "Milliseconds")
    store = commit.group.offline
    log.line(
        "INFO",
        message="rows committed",
        group=commit.group.name,
        table=f"{store.database}.{store.table}" if store else None,
        rows=commit.appended.rows,
        duplicates=commit.appended.duplicates,
        by_others=commit.appended.by_others or None,
        snapshot_id=commit.appended.snapshot_id,
        lag_ms=lag,
    )
    log.metrics(metrics)
