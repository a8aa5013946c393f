"""Events that came after their interval was published: found by commits, not by clocks.

A look compares each source table's newest snapshot with the one of the look before. What was
committed between them may be of any age. Published intervals that it touches are due again; their
rows become corrections. So the history is in the end as if all events had come in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from larder.pipelines.definition import Pipeline, TimeUnit
from larder.pipelines.runs.due import MOST_CHUNK, unit
from larder.pipelines.runs.items import IntervalItem, Position, State
from larder.pipelines.runs.ledger import Ledger
from larder.pipelines.sql.statement import Interval


@dataclass(frozen=True, slots=True)
class Committed:
    """What was committed between two snapshots.

    Attributes:
        events: how many events were added, by the end of their step: a multiple of the step that
            ``between`` was asked for.
        is_known: false where the older snapshot is gone, so that what was added is not known.
        is_rewritten: whether rows were also changed or deleted, which ``events`` does not have.
    """

    events: Mapping[int, int] = field(default_factory=dict)
    is_known: bool = True
    is_rewritten: bool = False


NONE_YET = 0
"""In place of a snapshot: the table keeps them, and has none yet."""


class Commits(Protocol):
    """The commits of source tables. Methods raise as stores do."""

    def newest(self, table: str) -> int | None:
        """The newest snapshot, or ``NONE_YET``; ``None`` where the table keeps none."""

    def between(self, table: str, column: str, of: TimeUnit, step: int, since: int) -> Committed:
        """What came after the snapshot ``since``; ``column`` has the events' instants."""


@dataclass(frozen=True, slots=True)
class Late:
    """What a look found.

    Attributes:
        again: the published intervals that are due again.
        dropped: how many events were too old to be obeyed (``late.accept``).
        notes: what a person should know, in words.
    """

    again: tuple[Interval, ...] = ()
    dropped: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LateEvents:
    """Finds late events. ``clock`` gives microseconds since the epoch."""

    ledger: Ledger
    commits: Commits
    clock: Callable[[], int]

    def find(self, pipeline: Pipeline, position: Position) -> Late:
        """Make due again what late events touch, and note up to where commits were looked at.

        The note is not moved while an interval that is touched is computed: its computation may
        have begun before the commit. The next look then finds the same events once more.
        """
        horizon = self.clock() - pipeline.late.accept
        found = [self._of(pipeline, *each, position, horizon) for each in pipeline.source.instants]
        reads = {each.table: each.newest for each in found if each.newest is not None}
        events: dict[int, int] = {}
        for each in found:
            for end, count in each.committed.events.items():
                events[end] = events.get(end, 0) + count
        items = self._published(pipeline, position, events)
        recent = [end for end in events if end > horizon]
        touched = list(_merged(_touched(pipeline, end) for end in recent))
        again, busy = self._reopened(items, touched)
        old = [end for end in events if end <= horizon and _covered(end, items)]
        dropped = sum(events[end] for end in old)
        if not busy and (reads != dict(position.reads) or dropped):
            self.ledger.note_reads(pipeline.group, reads, position.dropped + dropped)
        notes = tuple(text for each in found for text in each.notes)
        return Late(tuple(again), 0 if busy else dropped, notes)

    def _of(
        self, pipeline: Pipeline, table: str, column: str, position: Position, horizon: int
    ) -> _Table:
        newest, since = self.commits.newest(table), position.reads.get(table)
        if newest is None or since is None or newest == since:
            return _Table(table, newest, Committed())
        step = unit(pipeline)
        found = self.commits.between(table, column, pipeline.source.unit, step, since)
        notes = []
        if found.is_rewritten:
            notes.append(
                f"{table}: rows were changed or deleted since snapshot {since}: compute what they "
                "touch by larder pipeline run --from --to --again"
            )
        if not found.is_known:
            notes.append(
                f"{table}: snapshot {since} is gone, so that all of late.accept is computed again"
            )
            ends = range((horizon // step + 1) * step, self.clock() + step, step)
            found = Committed(dict.fromkeys(ends, 0))
        return _Table(table, newest, found, tuple(notes))

    def _published(
        self, pipeline: Pipeline, position: Position, events: Mapping[int, int]
    ) -> list[IntervalItem]:
        """The intervals that may hold rows of events; none are read where no event came."""
        if not events:
            return []
        first = min(events) - unit(pipeline) - MOST_CHUNK
        return list(self.ledger.intervals(pipeline.group, position.revision, first))

    def _reopened(
        self, items: Sequence[IntervalItem], touched: Sequence[Interval]
    ) -> tuple[list[Interval], bool]:
        """The intervals that are due again; and whether one that is touched is computed now."""
        again, busy = [], False
        for item in items:
            if not any(_overlap(item.interval, each) for each in touched):
                continue
            busy = busy or item.state is State.RUNNING
            if item.state is State.PUBLISHED and self.ledger.reopen(item):
                again.append(item.interval)
        return again, busy


@dataclass(frozen=True, slots=True)
class _Table:
    table: str
    newest: int | None
    committed: Committed
    notes: tuple[str, ...] = ()


def _touched(pipeline: Pipeline, end: int) -> Interval:
    """The points whose rows an event of a step may change: until it has left every window."""
    return Interval(end - unit(pipeline), end + pipeline.longest_window)


def _covered(end: int, items: Iterable[IntervalItem]) -> bool:
    """Whether an event's own row is published."""
    return any(
        each.state is State.PUBLISHED and each.interval.after < end <= each.interval.until
        for each in items
    )


def _overlap(one: Interval, other: Interval) -> bool:
    return one.after < other.until and other.after < one.until


def _merged(intervals: Iterable[Interval]) -> Iterator[Interval]:
    last: Interval | None = None
    for each in sorted(intervals, key=lambda interval: interval.after):
        if last is not None and each.after <= last.until:
            last = Interval(last.after, max(last.until, each.until))
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last
