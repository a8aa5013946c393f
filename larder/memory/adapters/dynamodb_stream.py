"""Changes of the records table, as its stream delivers them, for the in-memory tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larder.memory.entry import item_memory_key
from larder.records.adapters.dynamodb_item import from_item, parse_partition
from larder.records.record import RecordVersion


def entry_change(record: Mapping[str, Any], epoch: str = "") -> tuple[bytes, RecordVersion] | None:
    """Key (of an ``epoch``) and version of a changed InMemory record; ``None`` for other changes.

    Raises:
        ValueError: the record is not of the table's layout.
    """
    try:
        stream = record["dynamodb"]
        image, keys = stream.get("NewImage"), stream["Keys"]
        is_log, uid = parse_partition(keys["pk"]["S"])
        if image is None or is_log or "m" not in image:
            return None
        return item_memory_key(uid, keys["sk"]["S"], epoch), from_item(image, "")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError("not a change of the records table") from error
