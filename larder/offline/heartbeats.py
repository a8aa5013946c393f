"""Writing heartbeats: the scheduled function's use case.

``larder.offline.watermark`` says what they are for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from larder.errors import ResourceInUse
from larder.offline.watermark import Beats, Heartbeat, Round

_CANDIDATES = 16
"""Keys tried at once for a shard whose key is not known; hashes spread them over the shards."""
_MOST_CANDIDATES = 1024
_PAUSE = 0.3
"""Seconds between reads of a shard: DynamoDB allows five a second, and Lambda reads it too."""


class ShardTails(Protocol):
    """Ends of shards, opened before a heartbeat is written."""

    def read(self) -> Mapping[str, Collection[str]]:
        """The keys of heartbeats that came through each shard since the last call."""


class RecordsStream(Protocol):
    """The stream of the records table. Methods raise as ``BeatStore`` says."""

    def open_shards(self) -> frozenset[str]:
        """Shards that still take records."""

    def tails(self, shards: Collection[str]) -> ShardTails:
        """The ends of shards as they are now."""


class BeatStore(Protocol):
    """Heartbeats and what is known of them.

    All methods raise ``ThrottlingException`` and ``ServiceUnavailable``.
    """

    def write(self, beat: Heartbeat) -> None:
        """Put a heartbeat into the records table, from where it goes through the stream."""

    def load(self) -> Beats:
        """What is remembered; nothing at first."""

    def save(self, beats: Beats) -> None:
        """Remember it.

        Raises:
            ResourceInUse: somebody else has meanwhile.
        """

    def passed(self, keys: Iterable[str]) -> Mapping[str, int]:
        """The time of the last heartbeat of each key that the offline writer has met."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known after a round; ``unreached`` is how many open shards no key leads to yet.

    No round was sent where it is not 0.
    """

    beats: Beats
    unreached: int


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """Sends one round after another. ``clock`` gives µs since the epoch."""

    stream: RecordsStream
    store: BeatStore
    clock: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep

    def beat(self, *, remaining: Callable[[], float]) -> Sent:
        """See what has passed, and send a round through every open shard.

        Where a shard's key can't be found in time no round is sent: the next call goes on.
        """
        open_shards = self.stream.open_shards()
        beats = look(self.store, open_shards, self.clock())
        missing = open_shards - beats.keys.keys()
        if missing:
            found = self._discover(missing, set(beats.keys.values()), remaining)
            beats = replace(beats, keys={**beats.keys, **found})
        if open_shards and open_shards <= beats.keys.keys():
            now = self.clock()
            for key in beats.keys.values():
                self.store.write(Heartbeat(key, now))
            beats = replace(beats, rounds=(*beats.rounds, Round(now, dict(beats.keys))))
        try:
            self.store.save(beats)
        except ResourceInUse:  # another call is a moment ahead: its round will do
            beats = self.store.load()
        return Sent(beats, len(open_shards - beats.keys.keys()))

    def _discover(
        self, shards: Collection[str], taken: Collection[str], remaining: Callable[[], float]
    ) -> dict[str, str]:
        """Find a key that leads through each shard, by trying and looking where it comes out."""
        tails = self.stream.tails(shards)
        found: dict[str, str] = {}
        untried = (key for key in map(str, range(_MOST_CANDIDATES)) if key not in taken)
        while len(found) < len(shards) and remaining() > 0:
            for key in self._some(untried):
                self.store.write(Heartbeat(key, self.clock()))
            for shard, keys in tails.read().items():
                for key in keys:
                    if key not in taken:
                        found.setdefault(shard, key)
            if len(found) < len(shards):
                self.sleep(_PAUSE)
        return found

    @staticmethod
    def _some(keys: Iterator[str]) -> Iterator[str]:
        return (key for key, _ in zip(keys, range(_CANDIDATES), strict=False))


def look(store: BeatStore, open_shards: Collection[str], now: int) -> Beats:
    """What is known of the heartbeats sent so far."""
    beats = store.load()
    keys = {key for beat in beats.rounds for key in beat.keys.values()}
    return beats.settled(open_shards, store.passed(sorted(keys)), now)
