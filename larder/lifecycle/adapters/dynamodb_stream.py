"""Changes of the registry table, as its stream delivers them: which group each is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larder.groups.adapters.dynamodb_item import from_item, is_live_group
from larder.groups.feature_group import FeatureGroup

_STATE = ("status", "last_update")


def changed_group(record: Mapping[str, Any]) -> str | None:
    """The name of the group whose document was written; ``None`` for any other change."""
    keys = record["dynamodb"]["Keys"]
    if record["eventName"] == "REMOVE" or not is_live_group(keys):
        return None
    return str(keys["pk"]["S"]).partition("#")[2]


def group_in_new_state(record: Mapping[str, Any]) -> FeatureGroup | None:
    """The group, where the change is one of its status or of its last update's; else ``None``."""
    stream = record["dynamodb"]
    new, old = stream.get("NewImage", {}), stream.get("OldImage", {})
    if "doc" not in new or not is_live_group(stream["Keys"]):
        return None
    if all(new.get(attribute) == old.get(attribute) for attribute in _STATE):
        return None
    return from_item(new)
