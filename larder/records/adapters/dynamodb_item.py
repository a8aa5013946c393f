"""Record versions as items of the records table: the one layout that writers and readers share.

Items are DynamoDB's attribute maps, as the low-level API, streams and Lambda events carry them. In
a Lambda event a binary is base64 text. A record: partition key ``R#<uid>#<shard>``, sort key ``r``
+ identifier where that fits DynamoDB's 1,024 bytes, else ``h`` + its SHA-256. A log item carries to
the offline store what the online store did not take. That is late records, offline-only writes and
the tombstones of refused soft deletes: ``L#<uid>#<shard>``, sort key from its content.

    v    B  packed values             n  N  schema version
    e    N  event key                 w  N  write time, us
    a    N  w - invocation time, us   d  N  state, where not live
    x    N  expiry, ns                ttl N  DynamoDB's own clock for removal, s
    o    N  0: not for the offline store, 2: its row is there already
    l    N  life, where > 0           b  N  write time of the hard delete that began it
    m    N  1: of an InMemory group (the projector follows these)
    f    N  number of this form, from 2 on (``larder.formats``)

An update leaves attributes that it does not know. So an attribute that belongs to one version alone
needs a new number: an older release that writes over the item takes the number away.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from larder.aws.dynamodb.binary import decoded
from larder.event_time import NANOS
from larder.formats import Format
from larder.records.keys import sort_key
from larder.records.record import KEEP_DAYS, RecordVersion, Slot, State

Item = dict[str, Any]
FORMAT = Format("record-item")
KEEP_SECONDS = KEEP_DAYS * 86_400
"""How long log items and hidden tombstones stay."""


def record_key(slot: Slot) -> Item:
    """Key of a record's item."""
    return item_key(*key_parts(slot))


def key_parts(slot: Slot) -> tuple[str, str]:
    """Partition key and sort key of a record's item."""
    return record_partition(slot.uid, slot.shard), sort_key(slot.identifier)


def item_key(partition: str, sort: str) -> Item:
    """A key as DynamoDB writes it."""
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def log_key(slot: Slot, version: RecordVersion) -> Item:
    """Key of the log item of one version; equal content has an equal key."""
    content = f"{version.event_key}\0{version.identifier}".encode()
    sort = f"{version.write_time}#{sha256(content).hexdigest()[:24]}"
    return {"pk": {"S": log_partition(slot.uid, slot.shard)}, "sk": {"S": sort}}


def record_partition(uid: str, shard: int) -> str:
    """Partition key of one shard of a group's records."""
    return f"R#{uid}#{shard}"


def partition_patterns(uid: str) -> list[str]:
    """Patterns, of IAM's form, of all partition keys of a group's records and log items."""
    return [f"R#{uid}#*", f"L#{uid}#*"]


def log_partition(uid: str, shard: int) -> str:
    """Partition key of one shard of a group's log items."""
    return f"L#{uid}#{shard}"


def parse_partition(pk: str) -> tuple[bool, str]:
    """Whether a partition key is a log item's, and the group's uid.

    Raises:
        ValueError: the key is not of this layout.
    """
    kind, uid, _shard = pk.split("#")
    if kind not in {"R", "L"}:
        raise ValueError(f"partition key {pk!r} is neither a record's nor a log item's")
    return kind == "L", uid


def to_attributes(version: RecordVersion, *, now_nanos: int) -> Item:
    """The attributes of a version beside its key; ``life`` is left out where it is 0."""
    item: Item = {
        "v": {"B": version.packed},
        "n": {"N": str(version.schema_version)},
        "e": {"N": str(version.event_key)},
        "w": {"N": str(version.write_time)},
        "a": {"N": str(version.write_time - version.invocation_time)},
    }
    if version.state is not State.LIVE:
        item["d"] = {"N": str(int(version.state))}
    if version.expires_at is not None:
        item["x"] = {"N": str(version.expires_at)}
        # DynamoDB never purges what expired more than five years ago
        item["ttl"] = {"N": str(max(version.expires_at, now_nanos) // NANOS + 1)}
    if version.state is State.HARD_DELETED:
        item["ttl"] = {"N": str(now_nanos // NANOS + KEEP_SECONDS)}
    if not version.offline:
        item["o"] = {"N": "0"}
    elif version.recorded:
        item["o"] = {"N": "2"}
    if version.life:
        item["l"] = {"N": str(version.life)}
    return item


def from_item(item: Mapping[str, Any], identifier: str) -> RecordVersion:
    """The version that an item holds; ``identifier`` is the one it was asked for by.

    Raises:
        NewerFormat: a newer release has written it.
        KeyError, ValueError: the item is not of this layout.
    """
    if "f" in item:
        FORMAT.check(_name(item), item["f"]["N"])
    packed = item["v"]["B"]
    write_time = int(item["w"]["N"])
    offline = item["o"]["N"] if "o" in item else "1"
    return RecordVersion(  # by position: names would take half as long again
        identifier,
        int(item["e"]["N"]),
        write_time,
        write_time - int(item["a"]["N"]),
        FORMAT.value(_name(item), State, int(item["d"]["N"])) if "d" in item else State.LIVE,
        decoded(packed) if isinstance(packed, str) else bytes(packed),
        int(item["n"]["N"]),
        int(item["x"]["N"]) if "x" in item else None,
        offline != "0",
        int(item["l"]["N"]) if "l" in item else 0,
        offline == "2",
    )


def _name(item: Mapping[str, Any]) -> str:
    """An item in messages, which may be logged: its partition, without the identifier."""
    partition = item["pk"]["S"] if "pk" in item else "?"
    return f"an item of partition {partition} of the records table"
