"""Heartbeats as items: of the records table, whose stream carries them, and of the registry.

In the records table: partition key ``H#<key>``, sort key ``beat``, ``t`` N its time, µs since the
epoch. In the registry: ``H#<key>`` ``passed`` with ``t``, the last that the offline writer met; and
``H`` ``beats`` with ``doc``, what is known of all, and its ``revision``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from larder.offline.watermark import Beats, Heartbeat, Round

Item = dict[str, Any]
_PREFIX = "H#"
BEATS_KEY: Item = {"pk": {"S": "H"}, "sk": {"S": "beats"}}


def beat_key(key: str) -> Item:
    """Key of a heartbeat's item in the records table."""
    return {"pk": {"S": f"{_PREFIX}{key}"}, "sk": {"S": "beat"}}


def passed_key(key: str) -> Item:
    """Key of the registry's note about a heartbeat that was met."""
    return {"pk": {"S": f"{_PREFIX}{key}"}, "sk": {"S": "passed"}}


def is_beat(keys: Mapping[str, Any]) -> bool:
    """Whether a key, as in a stream record of the records table, is that of a heartbeat."""
    return str(keys["pk"]["S"]).startswith(_PREFIX)


def key_of(keys: Mapping[str, Any]) -> str:
    """The heartbeat's key in an item's."""
    return str(keys["pk"]["S"]).removeprefix(_PREFIX)


def beat_item(beat: Heartbeat) -> Item:
    """A heartbeat as it goes into the records table."""
    return {**beat_key(beat.key), "t": {"N": str(beat.time)}}


def beat_of(stream: Mapping[str, Any]) -> Heartbeat:
    """The heartbeat in the ``dynamodb`` member of a stream record.

    Raises:
        KeyError, ValueError: it has none.
    """
    time = int(stream["NewImage"]["t"]["N"])
    return Heartbeat(key_of(stream["Keys"]), time, stream["SequenceNumber"])


def beats_item(beats: Beats) -> Item:
    """What is known of heartbeats, as the registry keeps it."""
    document = {
        "keys": dict(beats.keys),
        "rounds": [[each.time, dict(each.keys)] for each in beats.rounds],
        "proven": beats.proven,
    }
    return {
        **BEATS_KEY,
        "doc": {"S": orjson.dumps(document).decode()},
        "revision": {"N": str(beats.revision)},
    }


def beats_of(item: Mapping[str, Any]) -> Beats:
    """The reverse of ``beats_item``."""
    document = orjson.loads(item["doc"]["S"])
    rounds = tuple(Round(time, keys) for time, keys in document["rounds"])
    return Beats(document["keys"], rounds, document["proven"], int(item["revision"]["N"]))
