"""Differences repaired, each towards the newer side. Doing it twice is doing it once.

- Offline rows that are missing are sent to the offline writer, as the stream would have. It drops
  what its table holds by content.
- Online records that are missing or older are loaded from the history by the register rule, as
  ``larder materialize`` does. Deletions are repeated as ``larder redelete`` does. A newer record
  stays.
- Where both sides have one version with other values, the online version is accepted again, as a
  correction: the online store is what the history is made of. It then reaches the history by the
  stream.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from larder.backoff import Backoff
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.event_time import NANOS
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.load import Offered, OnlineLoader, Rows
from larder.materialization.tombstones import put_tombstones
from larder.offline.redrive import WriterFunction, chunks, problem_of
from larder.progress import silent
from larder.reconciliation.judge import Kind
from larder.reconciliation.ports import StreamChanges
from larder.records.ports import RecordWrites, Write
from larder.records.record import RecordVersion, Slot, State

BATCH = 1000
"""How many differences of a kind are repaired together."""
_PATIENCE_NANOS = 300 * NANOS
_OFFLINE = frozenset({Kind.MISSING_OFFLINE, Kind.OLDER_OFFLINE})


class Replace(Protocol):
    """``RecordUpdates.replace``, bound to the online store."""

    def __call__(
        self, slot: Slot, stored: RecordVersion, version: RecordVersion, *, now_nanos: int
    ) -> bool:
        """Store a live version where ``stored``, just read, is unchanged; whether it was."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record that differs: both versions, as far as they exist."""

    kind: Kind
    online: Write | None
    history: Write | None


@dataclass(slots=True, kw_only=True)
class Repair:
    """Repairs one group's differences, in batches; call ``end`` after the last one.

    ``clock`` gives nanoseconds since the epoch; ``read_at`` is when the history was read. What is
    ``repaired`` is counted by kind. ``superseded`` counts what a newer write or a deletion has
    settled meanwhile. ``problems`` says why the others are not repaired.
    """

    group: FeatureGroup
    loader: OnlineLoader
    writes: RecordWrites
    replace: Replace
    writer: WriterFunction
    changes: StreamChanges
    clock: Callable[[], int]
    read_at: int
    backoff: Backoff = field(default_factory=Backoff)
    repaired: Counter[Kind] = field(default_factory=Counter)
    superseded: Counter[Kind] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _waiting: dict[Kind, list[Found]] = field(default_factory=dict)

    def add(self, found: Found) -> None:
        """Repair a difference, now or with the next ones of its kind."""
        waiting = self._waiting.setdefault(found.kind, [])
        waiting.append(found)
        if len(waiting) >= BATCH:
            self._repair(found.kind)

    def end(self) -> None:
        """Repair what is waiting."""
        for kind in list(self._waiting):
            self._repair(kind)

    def _repair(self, kind: Kind) -> None:
        batch = self._waiting.pop(kind)
        if kind in _OFFLINE:
            self._offline(kind, [each.online for each in batch if each.online])
        elif kind is Kind.DIFFERENT:
            self._accept_again(kind, [each.online for each in batch if each.online])
        else:
            self._online(kind, [each.history for each in batch if each.history])

    def _offline(self, kind: Kind, writes: Sequence[Write]) -> None:
        # a row that a bulk load has put there is gone: the change has to say so
        rows = [(slot, replace(version, recorded=False)) for slot, version in writes]
        for payload in chunks(self.changes(rows)):
            answer = self.writer.invoke(payload)
            self.repaired[kind] += answer["rows"] + answer["duplicates"]
            if problem := problem_of(answer):
                self.problems.append(problem)

    def _online(self, kind: Kind, writes: Sequence[Write]) -> None:
        live = [each for each in writes if each[1].state is State.LIVE]
        gone = [each for each in writes if each[1].state is not State.LIVE]
        rows = Rows(self.group, [live] if live else [], len(live), self.read_at)
        stored, _ = self.loader.load(rows, done=_ignore, report=silent)
        if gone:
            stored += put_tombstones(gone, self.writes, self.clock, self.backoff)
        self.repaired[kind] += stored
        self.superseded[kind] += len(writes) - stored

    def _accept_again(self, kind: Kind, writes: Sequence[Write]) -> None:
        for slot, stored in writes:
            done = self.backoff.call(
                partial(self._replace, slot, stored),
                after=(ThrottlingException, ServiceUnavailable),
                remaining=self._patience(),
            )
            counts = self.repaired if done else self.superseded
            counts[kind] += 1

    def _replace(self, slot: Slot, stored: RecordVersion) -> bool:
        now = self.clock()
        again = replace(
            stored,
            write_time=max(now // 1000, stored.write_time + 1),
            invocation_time=now // 1000,
            offline=True,
            recorded=False,
        )
        return self.replace(slot, stored, again, now_nanos=now)

    def _patience(self) -> Callable[[], float]:
        end = self.clock() + _PATIENCE_NANOS
        return lambda: (end - self.clock()) / NANOS


def _ignore(_offered: Offered) -> None:
    """The in-memory tier follows the stream."""
