"""Versions by the thousand into the online store, through the same conditional writes as any.

Several threads write at once, at no more than a given rate. A store that is short of breath is
followed: the rate is halved, and rises again by a tenth each second without refusals.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from larder.backoff import Backoff
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.progress import Progress, Report
from larder.records.ports import RecordStore
from larder.records.record import RecordVersion, Slot

_BATCH = 3200
_LEAST_RATE = 5.0
_FIRST_PAUSE = 0.05
_REFUSED = (ThrottlingException, ServiceUnavailable)
Version = tuple[Slot, RecordVersion]


@dataclass(frozen=True, slots=True)
class Offered:
    """A batch that was offered: which of it was stored, and when (ns) the first was offered.

    ``total_stored`` and ``total_older`` are all so far.
    """

    batch: Sequence[Version]
    stored: Sequence[bool]
    began: int
    total_stored: int
    total_older: int


Done = Callable[[Offered], None]


@dataclass(slots=True)
class Pace:
    """Gives out moments to write at, ``rate`` a second; shared by threads."""

    limit: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rate: float = field(init=False)
    _next: float = field(init=False)
    _risen: float = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Begin at the limit."""
        self.rate, self._next, self._risen = self.limit, self.clock(), self.clock()

    def take(self) -> None:
        """Wait for the next moment."""
        with self._lock:
            now = self.clock()
            if now - self._risen >= 1.0:
                self.rate, self._risen = min(self.limit, self.rate * 1.1), now
            moment = max(self._next, now)
            self._next = moment + 1.0 / self.rate
        if moment > now:
            self.sleep(moment - now)

    def slow_down(self) -> None:
        """The store refused for load."""
        with self._lock:
            now = self.clock()
            if now - self._risen >= 0.1 or self.rate == self.limit:  # one refusal of many at once
                self.rate, self._risen = max(_LEAST_RATE, self.rate / 2), now


@dataclass(frozen=True, slots=True)
class OnlineLoader:
    """Writes versions to a store; ``now_nanos`` is the clock by which records expire.

    ``patience`` is how many seconds a write that is refused or unanswered is repeated.
    """

    store: RecordStore
    now_nanos: Callable[[], int] = time.time_ns
    threads: int = 16
    writes_per_second: float = 1000.0
    patience: float = 300.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def load(
        self, batches: Iterable[Sequence[Version]], *, total: int, done: Done, report: Report
    ) -> tuple[int, int]:
        """Offer versions; how many stand there now, and how many met a newer one.

        ``done`` is told of each batch when all of it was offered.

        Raises:
            ThrottlingException, ServiceUnavailable: a version could not be offered in time.
        """
        pace = Pace(self.writes_per_second, self.clock, self.sleep)
        start, stored, offered = self.clock(), 0, 0
        with ThreadPoolExecutor(self.threads) as pool:
            for batch in batches:
                began = self.now_nanos()
                found = list(pool.map(partial(self._put, pace), batch))
                stored, offered = stored + sum(found), offered + len(found)
                done(Offered(batch, found, began, stored, offered - stored))
                seconds = self.clock() - start
                report(Progress("online", seconds=seconds, rows=offered, total=total))
        return stored, offered - stored

    def _put(self, pace: Pace, each: Version) -> bool:
        slot, version = each
        deadline = self.clock() + self.patience

        def put() -> bool:
            pace.take()
            try:
                return self.store.put(slot, version, now_nanos=self.now_nanos()) is None
            except _REFUSED:
                pace.slow_down()
                raise

        backoff = Backoff(first=_FIRST_PAUSE, sleep=self.sleep)
        return backoff.call(put, after=_REFUSED, remaining=lambda: deadline - self.clock())


def batched(versions: Iterable[Version]) -> Iterator[list[Version]]:
    """Versions in batches of the size at which threads rarely idle."""
    rest = iter(versions)
    while batch := list(islice(rest, _BATCH)):
        yield batch
