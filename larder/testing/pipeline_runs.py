"""The ledger of pipelines in a process's own memory: for tests, and a model of what it promises.

The reports on runs are beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from threading import Lock

from larder.pipelines.runs.items import Claim, IntervalItem, Position, State

Key = tuple[str, int, int, int]


class MemoryLedger:
    """Implements ``larder.pipelines.runs.ledger.Ledger``."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._positions: dict[str, Position] = {}
        self._items: dict[Key, IntervalItem] = {}

    def position(self, pipeline: str) -> Position | None:
        return self._positions.get(pipeline)

    def positions(self) -> Iterator[Position]:
        return iter([each for _, each in sorted(self._positions.items())])

    def move(self, position: Position) -> None:
        with self._lock:
            stored = self._positions.get(position.pipeline, Position(position.pipeline, 0, 0))
            self._positions[position.pipeline] = replace(
                stored,
                revision=position.revision,
                published_until=position.published_until,
                made_of=position.made_of or stored.made_of,
            )

    def note_reads(self, pipeline: str, reads: Mapping[str, int], dropped: int) -> None:
        with self._lock:
            stored = self._positions[pipeline]
            self._positions[pipeline] = replace(stored, reads=dict(reads), dropped=dropped)

    def pause(self, pipeline: str, paused: bool) -> bool:
        with self._lock:
            stored = self._positions.get(pipeline)
            if stored is not None:
                self._positions[pipeline] = replace(stored, paused=paused)
            return stored is not None

    def intervals(self, pipeline: str, revision: int, after: int) -> Iterator[IntervalItem]:
        found = [
            item
            for key, item in sorted(self._items.items())
            if key[:2] == (pipeline, revision) and item.interval.after >= after
        ]
        return iter(found)

    def claim(self, item: IntervalItem, claim: Claim, lease_until: int) -> IntervalItem | None:
        with self._lock:
            stored = self._items.get(_key(item), item)
            if not stored.may_be_claimed(claim):
                return None
            taken = replace(
                stored,
                state=State.RUNNING,
                owner=claim.owner,
                lease_until=lease_until,
                attempts=stored.attempts + 1,
                changed=claim.now,
            )
            self._items[_key(item)] = taken
            return taken

    def reopen(self, item: IntervalItem) -> bool:
        with self._lock:
            stored = self._items.get(_key(item))
            if stored is None or stored != item or stored.state is not State.PUBLISHED:
                return False
            self._items[_key(item)] = replace(stored, state=State.DUE)
            return True

    def renew(self, item: IntervalItem, lease_until: int) -> bool:
        def renewed(stored: IntervalItem) -> IntervalItem:
            publication = item.publication or stored.publication
            return replace(stored, lease_until=lease_until, publication=publication)

        return self._replace(item, renewed)

    def end(self, item: IntervalItem) -> bool:
        def ended(stored: IntervalItem) -> IntervalItem:
            return replace(item, owner=stored.owner, lease_until=stored.lease_until)

        return self._replace(item, ended)

    def _replace(self, item: IntervalItem, change: Callable[[IntervalItem], IntervalItem]) -> bool:
        with self._lock:
            stored = self._items.get(_key(item))
            if stored is None or not _is_held(stored, item):
                return False
            self._items[_key(item)] = change(stored)
            return True


class MemoryReports:
    """Implements ``larder.pipelines.runs.ports.Reports``."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    def write(self, address: str, body: bytes) -> None:
        self.documents[address] = body

    def read(self, address: str) -> bytes | None:
        return self.documents.get(address)


def _is_held(stored: IntervalItem, item: IntervalItem) -> bool:
    return stored.state is State.RUNNING and (stored.owner, stored.attempts) == (
        item.owner,
        item.attempts,
    )


def _key(item: IntervalItem) -> Key:
    return (item.pipeline, item.revision, item.interval.after, item.interval.until)
