"""Registry stream records to the state changes that they say, each announced at least once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from larder.errors import LarderError
from larder.groups.adapters.dynamodb_item import from_item, is_live_group
from larder.groups.api.state_change import StateChange, state_change

Publish = Callable[[StateChange], None]
_STATE = ("status", "last_update")


def unannounced(
    records: Iterable[Mapping[str, Any]],
    publish: Publish,
    report: Callable[[str, LarderError], None],
) -> list[str]:
    """Announce every change of a group's status, or of its last update's.

    Returns the sequence numbers of the records whose change could not be; ``report`` is told each
    by the group's name.
    """
    failed = []
    for record in records:
        if not _changes_state(record):
            continue
        stream = record["dynamodb"]
        group = from_item(stream["NewImage"])
        try:
            publish(state_change(group))
        except LarderError as error:
            report(group.name, error)
            failed.append(str(stream["SequenceNumber"]))
    return failed


def _changes_state(record: Mapping[str, Any]) -> bool:
    stream = record["dynamodb"]
    new, old = stream.get("NewImage", {}), stream.get("OldImage", {})
    if "doc" not in new or not is_live_group(stream["Keys"]):
        return False
    return any(new.get(attribute) != old.get(attribute) for attribute in _STATE)
