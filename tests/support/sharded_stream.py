"""A records table's stream in memory, with shards that split, as Lambda's event source reads it."""

import random
from dataclasses import dataclass, field
from zlib import crc32

from larder.errors import ResourceInUse
from larder.offline.adapters.dynamodb_heartbeat_item import beat_item, beat_key
from larder.offline.watermark import Beats


@dataclass
class Shard:
    """``low`` and ``high`` bound the hashes of its partition keys; ``at`` is the reader's place."""

    name: str
    low: int
    high: int
    parents: list
    records: list = field(default_factory=list)
    open: bool = True
    at: int = 0

    @property
    def is_read(self):
        return not self.open and self.at >= len(self.records)


class ShardedStream:
    """Also the heartbeats' ``RecordsStream``; shards split where ``split`` is called."""

    def __init__(self, shards):
        bounds = [2**32 * place // shards for place in range(shards + 1)]
        self.shards = [
            Shard(f"s{place}", bounds[place], bounds[place + 1], []) for place in range(shards)
        ]
        self.sequence = 0

    def write(self, record):
        """Append a stream record to the shard of its partition key; a redelivery has its number."""
        place = crc32(record["dynamodb"]["Keys"]["pk"]["S"].encode())
        (shard,) = (each for each in self.shards if each.open and each.low <= place < each.high)
        self.sequence += 1
        record["dynamodb"]["SequenceNumber"] = f"{self.sequence:021d}"
        shard.records.append(record)

    def split(self, rng):
        """Close an open shard and open two in its place."""
        parent = rng.choice([each for each in self.shards if each.open])
        if parent.high - parent.low < 4:
            return
        parent.open = False
        middle = (parent.low + parent.high) // 2
        for low, high in ((parent.low, middle), (middle, parent.high)):
            self.shards.append(Shard(f"s{len(self.shards)}", low, high, [parent]))

    def readable(self):
        """Shards with records to read, whose parents are read to their end."""
        return [
            shard
            for shard in self.shards
            if shard.at < len(shard.records) and all(each.is_read for each in shard.parents)
        ]

    def open_shards(self):
        return frozenset(shard.name for shard in self.shards if shard.open)

    def tails(self, shards):
        return Tails({s.name: [s, len(s.records)] for s in self.shards if s.name in shards})


class Tails:
    def __init__(self, places):
        self.places = places

    def read(self):
        found = {}
        for name, place in self.places.items():
            shard, start = place
            place[1] = len(shard.records)
            keys = [each["dynamodb"]["Keys"]["pk"]["S"] for each in shard.records[start:]]
            found[name] = [key.removeprefix("H#") for key in keys if key.startswith("H#")]
        return found


class Beating:
    """``BeatStore`` over that stream; ``met`` is what the writer noted."""

    def __init__(self, stream, before_write=lambda: None):
        self.stream = stream
        self.before_write = before_write
        self.beats = Beats({})
        self.met = {}

    def write(self, beat):
        self.before_write()
        image = beat_item(beat)
        keys = beat_key(beat.key)
        self.stream.write({"eventName": "MODIFY", "dynamodb": {"Keys": keys, "NewImage": image}})

    def load(self):
        return self.beats

    def save(self, beats):
        if beats.revision != self.beats.revision:
            raise ResourceInUse("meanwhile")
        self.beats = Beats(beats.keys, beats.rounds, beats.proven, beats.revision + 1)

    def passed(self, keys):
        return {key: self.met[key] for key in keys if key in self.met}

    def note(self, beat):
        self.met[beat.key] = max(beat.time, self.met.get(beat.key, 0))


def random_batch(shard, rng: random.Random, most):
    """Some of the next records of a shard."""
    return shard.records[shard.at : shard.at + rng.randint(1, most)]
