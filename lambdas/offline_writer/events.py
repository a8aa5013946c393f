"""DynamoDB stream events in, batch item failures out, one log line per commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import orjson

from larder.offline.adapters.dynamodb_heartbeat_item import beat_of, is_beat
from larder.offline.ports import Remaining
from larder.offline.redrive import FailureObjects, Redrive
from larder.offline.rows import StreamChange
from larder.offline.watermark import Heartbeat
from larder.offline.write import (
    BatchReport,
    Commit,
    Delivered,
    OfflineWriter,
    UnreadableChange,
)
from larder.records.adapters.dynamodb_item import from_item, parse_partition
from larder.records.record import RecordVersion
from larder.telemetry.emf import metric_line

_TTL_PRINCIPAL = "dynamodb.amazonaws.com"


def create_consumer(
    writer: OfflineWriter, *, log: Callable[[str], None] = print
) -> Callable[[Mapping[str, Any], Remaining], dict[str, Any]]:
    """The function of one event. Tests give it a writer of their own.

    A redriven event (``"redrive": true``) is answered with counts and what was quarantined beside
    the failures, because no stream delivers it again.
    """

    def consume(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        records = event["Records"]
        changes = [parse_change(record) for record in records]
        if event.get("redrive"):  # what went before a heartbeat then is not before it now
            kept = [at for at, each in enumerate(changes) if not isinstance(each, Heartbeat)]
            records, changes = [records[at] for at in kept], [changes[at] for at in kept]
        report = writer.write(changes, remaining=remaining, redriven=bool(event.get("redrive")))
        _tell(report, log)
        answer: dict[str, Any] = {"batchItemFailures": _failures(records, report)}
        if event.get("redrive"):
            answer |= {
                "rows": sum(commit.appended.rows for commit in report.commits),
                "duplicates": sum(commit.appended.duplicates for commit in report.commits),
                "quarantined": [{"key": key, "reason": why} for key, why in report.quarantined],
                "error": None if report.error is None else str(report.error),
            }
        return answer

    return consume


def create_drain(
    consume: Callable[[Mapping[str, Any], Remaining], Mapping[str, Any]],
    objects: FailureObjects,
    *,
    log: Callable[[str], None] = print,
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
            outcome = "still parked" if each.problem else "parked changes written"
            level = "WARNING" if each.problem else "INFO"
            _log(log, level=level, message=outcome, **asdict(each))
        waiting = sum(each.problem is not None for each in done)
        now_millis = time.time_ns() // 1_000_000
        count = {"ParkedGroups": (float(waiting), "Count")}
        log(metric_line(count, {"Function": "offline_writer"}, now_millis=now_millis))
        return {"drained": len(done) - waiting, "waiting": waiting}

    return drain


def parse_change(record: Mapping[str, Any]) -> Delivered:
    """One record of the event; what is not of the records table's layout says why."""
    sequence = ""
    try:
        stream = record["dynamodb"]
        sequence = stream["SequenceNumber"]
        if is_beat(stream["Keys"]):
            return beat_of(stream)
        is_log, uid = parse_partition(stream["Keys"]["pk"]["S"])
        return StreamChange(
            sequence=sequence,
            uid=uid,
            is_log=is_log,
            old=_version(stream.get("OldImage")),
            new=_version(stream.get("NewImage")),
            by_ttl=(record.get("userIdentity") or {}).get("principalId") == _TTL_PRINCIPAL,
            raw=record,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"not a change of the records table: {type(error).__name__}: {error}"
        raw = record if isinstance(record, Mapping) else {"record": record}
        return UnreadableChange(sequence, raw, reason)


def _version(image: Mapping[str, Any] | None) -> RecordVersion | None:
    # the identifier stands in the packed values, where it is read once the group is known
    return None if image is None else from_item(image, "")


def _failures(records: list[Mapping[str, Any]], report: BatchReport) -> list[dict[str, str]]:
    if report.failed is None:
        return []
    first = cast("str", records[report.failed]["dynamodb"]["SequenceNumber"])
    return [{"itemIdentifier": first}]


def _tell(report: BatchReport, log: Callable[[str], None]) -> None:
    now_millis = time.time_ns() // 1_000_000
    for commit in report.commits:
        _tell_commit(commit, now_millis, log)
    for key, reason in report.quarantined:
        _log(log, level="ERROR", message="record quarantined", key=key, reason=reason)
    if report.quarantined:
        count = {"QuarantinedRecords": (float(len(report.quarantined)), "Count")}
        log(metric_line(count, {"Function": "offline_writer"}, now_millis=now_millis))
    for parked in report.parked:
        _log(
            log,
            level="ERROR",
            message="group parked: its changes wait in S3",
            uid=parked.uid,
            changes=parked.changes,
            key=parked.key,
            reason=parked.reason,
        )
    if report.parked:
        count = {"ParkedChanges": (float(sum(each.changes for each in report.parked)), "Count")}
        log(metric_line(count, {"Function": "offline_writer"}, now_millis=now_millis))
    if report.error is not None:
        _log(log, level="WARNING", message="batch to be delivered again", error=str(report.error))


def _tell_commit(commit: Commit, now_millis: int, log: Callable[[str], None]) -> None:
    metrics = {"OfflineRows": (float(commit.appended.rows), "Count")}
    lag = None
    if commit.oldest_write_time is not None:
        lag = now_millis - commit.oldest_write_time // 1000
        metrics["OfflineLagMs"] = (float(lag), "Milliseconds")
    store = commit.group.offline
    _log(
        log,
        level="INFO",
        message="rows committed",
        group=commit.group.name,
        table=f"{store.database}.{store.table}" if store else None,
        rows=commit.appended.rows,
        duplicates=commit.appended.duplicates,
        snapshot_id=commit.appended.snapshot_id,
        lag_ms=lag,
    )
    log(metric_line(metrics, {"Function": "offline_writer"}, now_millis=now_millis))


def _log(log: Callable[[str], None], **fields: object) -> None:
    log(orjson.dumps(fields).decode())
