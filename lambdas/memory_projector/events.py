"""DynamoDB stream events in, entries of the in-memory tier repaired, batch item failures out.

Almost always the entry is there already: the endpoint that took the write has written it through.
This is for the writes that did not reach Valkey from there. The stream's order and the entries' own
make repeated, late and reversed deliveries harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from larder.records.record import RecordVersion
from larder.telemetry.log import Log
from larder.telemetry.metrics import Metric

Change = tuple[bytes, RecordVersion]
Parse = Callable[[Mapping[str, Any]], Change | None]
_REPAIR_SECONDS = 5.0


class Repairs(Protocol):
    """The in-memory tier as the projector needs it."""

    def repair(self, changes: Sequence[Change], *, seconds: float) -> list[bool]:
        """Bring entries up to changes, in order; whether each was done (``MemoryTier.repair``)."""


def create_projector(
    tier: Repairs, parse: Parse, log: Log
) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """The function of one event; Lambda delivers all changes from the first that failed again.

    ``parse`` gives the entry's key and version, or ``None`` for a change of another kind. It raises
    ``ValueError`` where the record is malformed.
    """

    def project(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        changes: list[Change] = []
        sequences: list[str] = []
        for record in event["Records"]:
            if change := _parsed(record, parse, log):
                changes.append(change)
                sequences.append(record["dynamodb"]["SequenceNumber"])
        done = tier.repair(changes, seconds=_REPAIR_SECONDS) if changes else []
        failed = [sequence for sequence, one in zip(sequences, done, strict=True) if not one]
        log.metrics(
            {
                Metric.MEMORY_REPAIRS: (float(len(done)), "Count"),
                Metric.MEMORY_REPAIRS_FAILED: (float(len(failed)), "Count"),
            }
        )
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed[:1]]}

    return project


def _parsed(record: Mapping[str, Any], parse: Parse, log: Log) -> Change | None:
    try:
        return parse(record)
    except ValueError as error:
        log.line("ERROR", message="change skipped", reason=str(error), event=record.get("eventID"))
        return None
