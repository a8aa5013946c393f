"""The in-memory tier loaded in bulk: keyed rows in, pipelined compare-and-set calls out.

Only what DynamoDB has just confirmed may be loaded (``memory_tier`` says why): each call carries
the deadline that the tier's own writes have. The script refuses one that comes later.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from larder.materialization.adapters.memory_entries import Entries
from larder.memory.compare_and_set import COMPARE_AND_SET, KEPT, LATE, WRITTEN
from larder.memory.tier import WRITE_MS
from larder.valkey import Valkey

Arrow = Any  # pyarrow is untyped
_CALLS = 2000
_THREADS = 2
_SECONDS = 5.0


@dataclass(slots=True)
class LoadCounts:
    """What became of entries: written, met a newer one, came too late, or got no answer."""

    written: int = 0
    kept: int = 0
    late: int = 0
    unanswered: int = 0

    @property
    def missed(self) -> int:
        """Those that are served from DynamoDB until somebody reads them."""
        return self.late + self.unanswered


@dataclass(frozen=True, slots=True)
class MemoryLoader:
    """Loads keyed tables (``bulk.versions``) of one group."""

    valkey: Valkey
    entries: Entries
    counts: LoadCounts = field(default_factory=LoadCounts)

    def load(self, tables: Iterable[tuple[Arrow, float]]) -> LoadCounts:
        """Load tables, each with the moment (ms) at which DynamoDB was asked about its rows.

        While some calls are answered the next are made; memory holds a few thousand.
        """
        with ThreadPoolExecutor(_THREADS) as pool:
            waiting: deque[Future[Counter[object]]] = deque()
            for keys, requests in self._calls(tables):
                waiting.append(pool.submit(self._run, keys, requests))
                if len(waiting) > 2 * _THREADS:
                    self._count(waiting.popleft().result())
            for each in waiting:
                self._count(each.result())
        return self.counts

    def _calls(self, tables: Iterable[tuple[Arrow, float]]) -> Iterator[tuple[Arrow, Arrow]]:
        for table, began_ms in tables:
            deadline_ms = began_ms + WRITE_MS
            keys, requests = self.entries.requests(table, now_ms=began_ms, deadline_ms=deadline_ms)
            for start in range(0, len(keys), _CALLS):
                yield keys.slice(start, _CALLS), requests.slice(start, _CALLS)

    def _run(self, keys: Arrow, requests: Arrow) -> Counter[object]:
        replies = self.valkey.run_requests(
            COMPARE_AND_SET, keys.to_pylist(), requests.to_pylist(), seconds=_SECONDS
        )
        return Counter(reply if isinstance(reply, int) else None for reply in replies)

    def _count(self, replies: Counter[object]) -> None:
        counts = self.counts
        counts.written += replies[WRITTEN]
        counts.kept += replies[KEPT]
        counts.late += replies[LATE]
        counts.unanswered += replies[None]
