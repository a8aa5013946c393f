"""Versions by the thousand into the online store, each by a conditional write.

A row is loaded some time after it was accepted. So a version that was put since, or a deletion
that was acknowledged since, wins (``RecordWrites.load``). Hard deletes are known for ``KEEP_DAYS``,
so what was read longer ago is not loaded.

Several threads write at once, at no more than a given rate. Where the store refuses for load the
rate is halved. It rises again by a tenth each second without refusals.
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
from larder.errors import ResourceNotFound, ServiceUnavailable, ThrottlingException, ValidationError
from larder.event_time import NANOS
from larder.groups.feature_group import FeatureGroup
from larder.progress import Progress, Report
from larder.records.ports import RecordWrites
from larder.records.record import KEEP_DAYS, RecordVersion, Slot, State
from larder.records.values import same_values

LONGEST_DAYS = KEEP_DAYS - 1
"""How long after they were read rows may be loaded; a day is for what the history lags behind."""
_BATCH = 3200
_LEAST_RATE = 5.0
_FIRST_PAUSE = 0.05
_REFUSED = (ThrottlingException, ServiceUnavailable)
Version = tuple[Slot, RecordVersion]


@dataclass(frozen=True, slots=True)
class Offered:
    """A batch that was offered: which of it is stored, and when (ns) the first was offered.

    ``total_stored`` and ``total_older`` count all so far.
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


Current = Callable[[str], FeatureGroup]
"""The group that bears a name now. Raises as ``GroupSettings.get``."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is loaded: versions of a group in batches, ``total`` of them.

    ``read_at`` is when they were read (ns since the epoch), before which nothing was done to them.
    """

    group: FeatureGroup
    batches: Iterable[Sequence[Version]]
    total: int
    read_at: int


@dataclass(frozen=True, slots=True)
class OnlineLoader:
    """Loads versions into a store; ``now_nanos`` is the clock by which records expire.

    ``current`` gives a group as it is now: nothing is loaded into one that is being deleted.
    ``patience`` is how many seconds a write that is refused or unanswered is repeated.
    """

    store: RecordWrites
    current: Current
    now_nanos: Callable[[], int] = time.time_ns
    threads: int = 16
    writes_per_second: float = 1000.0
    patience: float = 300.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def load(self, rows: Rows, *, done: Done, report: Report) -> tuple[int, int]:
        """Load versions; how many are stored now, and how many met a newer one or a deletion.

        ``done`` is called with each batch once all of it was offered.

        Raises:
            ResourceNotFound: the group is being deleted, or was created again.
            ThrottlingException, ServiceUnavailable: a version could not be offered in time.
            ValidationError: the rows were read too long ago.
        """
        pace = Pace(self.writes_per_second, self.clock, self.sleep)
        start, stored, offered = self.clock(), 0, 0
        put = partial(self._put, rows.group, pace)
        with ThreadPoolExecutor(self.threads) as pool:
            for batch in rows.batches:
                began = self.now_nanos()
                _check_age(rows.read_at, began)
                found = list(pool.map(put, batch))
                stored, offered = stored + sum(found), offered + len(found)
                done(Offered(batch, found, began, stored, offered - stored))
                seconds = self.clock() - start
                report(Progress("online", seconds=seconds, rows=offered, total=rows.total))
        return stored, offered - stored

    def _put(self, group: FeatureGroup, pace: Pace, each: Version) -> bool:
        slot, version = each
        deadline = self.clock() + self.patience

        def put() -> bool:
            pace.take()
            try:
                self._check_life(group)
                found = self.store.load(slot, version, now_nanos=self.now_nanos())
            except _REFUSED:
                pace.slow_down()
                raise
            return found is None or _is_same(group, found, version)

        backoff = Backoff(first=_FIRST_PAUSE, sleep=self.sleep)
        return backoff.call(put, after=_REFUSED, remaining=lambda: deadline - self.clock())

    def _check_life(self, group: FeatureGroup) -> None:
        """A purge is not to be followed by records that nothing removes any more."""
        if self.current(group.name).uid != group.uid:
            raise ResourceNotFound(
                f"FeatureGroup {group.name} was deleted and created again while rows were loaded "
                "into it; begin again"
            )


def batched(versions: Iterable[Version]) -> Iterator[list[Version]]:
    """Versions in batches of the size at which threads rarely idle."""
    rest = iter(versions)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _check_age(read_at: int, now: int) -> None:
    days = (now - read_at) / (86_400 * NANOS)
    if days > LONGEST_DAYS:
        raise ValidationError(
            f"the rows were read {days:.1f} days ago. Rows are loaded online for {LONGEST_DAYS} "
            "days, because deletions since then are not known for longer. What is offline is "
            "complete: run larder materialize. Rows for the online store alone need a new run id"
        )


def _is_same(group: FeatureGroup, stored: RecordVersion, version: RecordVersion) -> bool:
    """Whether what is stored has the version's event time and, by their types, its values."""
    return (
        stored.state is State.LIVE
        and stored.event_key == version.event_key
        and same_values(group, stored.packed, version.packed)
    )
