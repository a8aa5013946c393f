"""DynamoDB stream events in, entries of the in-memory tier repaired, batch item failures out.

Almost always an entry is there already, written through by the door that took the write; this is
for the writes that did not reach Valkey from there. The stream's order and the entries' own make
repeated, late and reversed deliveries harmless.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import orjson

from larder.memory.entry import item_memory_key
from larder.records.adapters.dynamodb_item import from_item, parse_partition
from larder.records.record import RecordVersion
from larder.telemetry.emf import metric_line

_REPAIR_SECONDS = 5.0


class Repairs(Protocol):
    """The in-memory tier as the projector needs it."""

    def repair(
        self, changes: Sequence[tuple[bytes, RecordVersion]], *, seconds: float
    ) -> list[bool]:
        """See ``MemoryTier.repair``."""


def create_projector(
    tier: Repairs, *, log: Callable[[str], None] = print
) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """The function of one event: from the first change that was not taken on, all come again."""

    def project(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        changes: list[tuple[bytes, RecordVersion]] = []
        sequences: list[str] = []
        for record in event["Records"]:
            if change := _change(record, log):
                changes.append(change)
                sequences.append(record["dynamodb"]["SequenceNumber"])
        done = tier.repair(changes, seconds=_REPAIR_SECONDS) if changes else []
        failed = [sequence for sequence, one in zip(sequences, done, strict=True) if not one]
        counts = {"MemoryRepairs": (float(len(done)), "Count")}
        counts["MemoryRepairsFailed"] = (float(len(failed)), "Count")
        now_millis = time.time_ns() // 1_000_000
        log(metric_line(counts, {"Function": "memory_projector"}, now_millis=now_millis))
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed[:1]]}

    return project


def _change(
    record: Mapping[str, Any], log: Callable[[str], None]
) -> tuple[bytes, RecordVersion] | None:
    """Key and version of a change of an InMemory record; what is none of ours is passed over."""
    try:
        stream = record["dynamodb"]
        image, keys = stream.get("NewImage"), stream["Keys"]
        is_log, uid = parse_partition(keys["pk"]["S"])
        if image is None or is_log or "m" not in image:
            return None
        return item_memory_key(uid, keys["sk"]["S"]), from_item(image, "")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"not a change of the records table: {type(error).__name__}: {error}"
        log(orjson.dumps({"level": "ERROR", "message": "change skipped", "reason": why}).decode())
        return None
