"""Heartbeats as items: of the records table, whose stream carries them, and of the registry.

In the records table: partition key ``H#<key>``, sort key ``beat``, ``t`` N its time, µs since the
epoch. In the registry: ``H#<key>`` ``passed`` with ``t``, the last that the offline writer met; and
``H`` ``beats`` with ``doc``, what is known of all, and its ``revision``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from larder.formats import MEMBER, Format, carried
from larder.offline.watermark import Beats, Heartbeat, Round

Item = dict[str, Any]
FORMAT = Format("heartbeats")
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


def carrying(before: Mapping[str, Any], item: Item) -> Item:
    """An item to be written, with what the stored one has that this release does not know."""
    old, new = orjson.loads(before["doc"]["S"]), orjson.loads(item["doc"]["S"])
    document = orjson.dumps(carried(old, new, frozenset(new))).decode()
    return {**carried(before, item, frozenset(item)), "doc": {"S": document}}


def beats_of(item: Mapping[str, Any]) -> Beats:
    """The reverse of ``beats_item``.

    Raises:
        NewerFormat: a newer release has written it.
    """
    document = orjson.loads(item["doc"]["S"])
    FORMAT.check("the item of heartbeats in the registry table", document.get(MEMBER))
    rounds = tuple(Round(each[0], each[1]) for each in document["rounds"])
    return Beats(document["keys"], rounds, document["proven"], int(item["revision"]["N"]))
