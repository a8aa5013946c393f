"""Changes of the records table, as its stream delivers them, for the offline writer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larder.errors import NewerFormat
from larder.offline.adapters.dynamodb_heartbeat_item import beat_of, is_beat
from larder.offline.rows import StreamChange
from larder.offline.write import Delivered, UnreadableChange
from larder.records.adapters.dynamodb_item import from_item, parse_partition
from larder.records.record import RecordVersion

_TTL_PRINCIPAL = "dynamodb.amazonaws.com"


def parse_change(record: Mapping[str, Any]) -> Delivered:
    """One record of an event; one that is not of the table's layout says why."""
    sequence, uid = "", None
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
    except NewerFormat as error:
        return UnreadableChange(sequence, record, str(error), newer=uid)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"not a change of the records table: {type(error).__name__}: {error}"
        raw = record if isinstance(record, Mapping) else {"record": record}
        return UnreadableChange(sequence, raw, reason)


def _version(image: Mapping[str, Any] | None) -> RecordVersion | None:
    # the identifier is in the packed values, and is read from there once the group is known
    return None if image is None else from_item(image, "")
