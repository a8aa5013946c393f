"""How far the stream of the records table is visible offline, and how that is proven. Pure.

A stream that is silent says nothing about whether it has been read to its end. So a **heartbeat**,
an item of its own, is written through every open shard of the stream each minute. The offline
writer notes each one that it meets once everything before it is in its table. A shard is read in
order, and a shard's children after it. So once every heartbeat of a round has passed, everything
acknowledged before the round began has been dealt with.

A round counts only if each of its shards is still open a while later: then none was split or rolled
over before its heartbeat was written. So each heartbeat went through the shard it was meant for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

MARGIN_MICROS = 30_000_000
"""How long a write may be under way between its write time and its acknowledgement, with what the
clocks of endpoints may differ: the runtime function ends after 10 seconds, a direct client's call
after 3, and either may step past the write time of another endpoint."""
SETTLE_MICROS = 10_000_000
"""How long DescribeStream may take to show that a shard was closed."""
FRESH_MICROS = 3_600_000_000
"""Heartbeats older than that when they are met prove nothing: records before them may have been
spilled moments ago, and their object may not be on S3 yet."""
_MOST_ROUNDS = 180


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """An item that travels through the stream. ``time`` is in µs since the epoch."""

    key: str
    time: int
    sequence: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """Heartbeats written at ``time`` or soon after; ``keys`` has the key of each open shard's."""

    time: int
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Beats:
    """What is remembered of heartbeats.

    ``keys`` says which key leads through a shard; ``rounds`` are those not proven yet, oldest
    first; ``proven`` is the time of the newest proven one. ``revision`` is for optimistic locking.
    """

    keys: Mapping[str, str]
    rounds: tuple[Round, ...] = ()
    proven: int | None = None
    revision: int = 0

    def settled(self, open_shards: Collection[str], passed: Mapping[str, int], now: int) -> Beats:
        """What is known once it is seen which shards are open now and which beats have passed.

        ``passed`` has the time of the last heartbeat of a key that the writer has met.
        """
        still_open = set(open_shards)
        proven, waiting = self.proven, []
        for beat in self.rounds:
            if not beat.keys.keys() <= still_open:
                continue  # it can't be told any more through which shard each of them went
            met = all(passed.get(key, 0) >= beat.time for key in beat.keys.values())
            if met and beat.time <= now - SETTLE_MICROS:
                proven = max(beat.time, proven or 0)
            else:
                waiting.append(beat)
        kept = tuple(beat for beat in waiting if beat.time > (proven or 0))
        keys = {shard: key for shard, key in self.keys.items() if shard in still_open}
        return replace(self, keys=keys, rounds=kept[-_MOST_ROUNDS:], proven=proven)

    @property
    def watermark(self) -> int | None:
        """Every write accepted by then, by its write time in µs, has left the stream; or unknown.

        It is in its table unless it was spilled or set aside: objects of those say so.
        """
        return None if self.proven is None else self.proven - MARGIN_MICROS
