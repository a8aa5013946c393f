"""The use case of a look: what is to be computed now, and taking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from larder.errors import ServiceUnavailable
from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import DAY
from larder.pipelines.revision import fingerprints
from larder.pipelines.runs.due import (
    MOST_CHUNK,
    MOST_CHUNKS,
    check_bounds,
    check_chunk,
    due,
    frontier,
    missing,
    ready_until,
    start,
    unit,
)
from larder.pipelines.runs.items import (
    AGAIN,
    BEGINNING,
    DUE,
    LEASE,
    NAMED,
    Claim,
    IntervalItem,
    Position,
    State,
)
from larder.pipelines.runs.ledger import Ledger
from larder.pipelines.sql.statement import Interval


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for; with no ``interval`` it is all that is due.

    Attributes:
        interval: what to compute, whether it failed or was blocked before.
        chunk: the length of parts in microseconds; by default a day, or the hop if it is longer.
        again: compute what is published too; its rows become corrections.
        redrive: compute what failed, is blocked, or has lost its execution; nothing else.
    """

    interval: Interval | None = None
    chunk: int | None = None
    again: bool = False
    redrive: bool = False

    @property
    def takes(self) -> tuple[State, ...]:
        """The states in which intervals are claimed."""
        if self.redrive:
            return NAMED
        if self.interval is None:
            return DUE
        return AGAIN if self.again else NAMED


@dataclass(frozen=True, slots=True)
class Runs:
    """Looks, claims and ends.

    ``clock`` gives microseconds since the epoch. ``watermark`` is until when the histories of
    feature groups are complete, if that is proven.
    """

    ledger: Ledger
    clock: Callable[[], int]
    watermark: Callable[[], int | None] = lambda: None

    def look(self, pipeline: Pipeline, asked: Asked) -> list[Interval]:
        """The intervals to compute, oldest first, at most ``MOST_CHUNKS``.

        The rest is due at the next look.

        Raises:
            ValidationError: what is asked for can't be computed.
        """
        now = self.clock()
        chunk = max(DAY, unit(pipeline)) if asked.chunk is None else asked.chunk
        check_chunk(pipeline, chunk)
        position = self.advance(pipeline)
        if asked.redrive:
            return list(islice(self._given_up(pipeline, now), MOST_CHUNKS))
        if asked.interval is not None:
            check_bounds(pipeline, asked.interval, self._known(pipeline, now))
            return self._named(pipeline, asked, chunk)
        if position.paused:
            return []
        ready = ready_until(pipeline, self._known(pipeline, now))
        within = Interval(position.published_until, ready)
        oldest = now - pipeline.late.accept - pipeline.longest_window - unit(pipeline)
        items = self._items(pipeline, min(within.after, oldest))
        return list(islice(due(within, items, now, chunk), MOST_CHUNKS))

    def advance(self, pipeline: Pipeline) -> Position:
        """The position, moved on to where intervals were published since.

        It follows from the intervals alone. So an end that was not noted in it is found here.
        """
        stored = self.ledger.position(pipeline.group)
        is_of_now = stored is not None and stored.revision == pipeline.revision
        first = Position(
            pipeline.group,
            pipeline.revision,
            start(pipeline),
            paused=stored is not None and stored.paused,
            reads=stored.reads if stored is not None else {},
            dropped=stored.dropped if stored is not None else 0,
        )
        position = stored if stored is not None and is_of_now else first
        items = self._items(pipeline, position.published_until)
        until = frontier(position.published_until, items)
        # what is noted stays: a change without a new revision is seen by it
        made_of = {**fingerprints(pipeline), **position.made_of}
        moved = replace(position, published_until=until, made_of=made_of)
        if moved != stored:
            self.ledger.move(moved)
        return moved

    def published_until(self, pipeline: Pipeline) -> int:
        """The last point that is noted as published; before it the start."""
        stored = self.ledger.position(pipeline.group)
        is_of_now = stored is not None and stored.revision == pipeline.revision
        return stored.published_until if stored is not None and is_of_now else start(pipeline)

    def claim(
        self, pipeline: Pipeline, interval: Interval, owner: str, takes: tuple[State, ...] = DUE
    ) -> IntervalItem | None:
        """Take an interval for ``owner``; ``None`` where another one has it, or it is done.

        Where its last owner died while it published, that publication goes on. But who wants what
        is published computed again has it computed.
        """
        item, now = IntervalItem(pipeline.group, pipeline.revision, interval), self.clock()
        taken = self.ledger.claim(item, Claim(owner, now, takes), now + LEASE)
        if taken is None:
            return None
        publication = None if State.PUBLISHED in takes else taken.publication
        return replace(taken, accepted=None, publication=publication)

    def hold(self, item: IntervalItem, lease: int = LEASE) -> None:
        """Go on with an interval that was claimed, for ``lease`` microseconds from now.

        Raises:
            ServiceUnavailable: another one has claimed it since.
        """
        if not self.ledger.renew(item, self.clock() + lease):
            raise ServiceUnavailable(f"{item.run_id}: another execution has claimed this interval")

    def end(self, item: IntervalItem, state: State, *, rows: int | None, cause: str = "") -> bool:
        """Note how an interval ended; whether it still was its owner's."""
        failures = item.failures + 1 if state is State.FAILED else 0
        ended = replace(
            item, state=state, rows=rows, cause=cause, failures=failures, publication=None
        )
        return self.ledger.end(replace(ended, changed=self.clock()))

    def _known(self, pipeline: Pipeline, now: int) -> int:
        """The instant until which events that were written can be read."""
        if pipeline.source.group is None:
            return now
        complete = self.watermark()
        return start(pipeline) if complete is None else min(now, complete)

    def _named(self, pipeline: Pipeline, asked: Asked, chunk: int) -> list[Interval]:
        """The parts of an interval that a person names, without what of it is published."""
        assert asked.interval is not None  # noqa: S101 (its one caller asked)
        items = self._items(pipeline, asked.interval.after)
        published = (each.interval for each in items if each.state is State.PUBLISHED)
        done = () if asked.again else published
        return list(islice(missing(asked.interval, done, chunk), MOST_CHUNKS))

    def _given_up(self, pipeline: Pipeline, now: int) -> Iterator[Interval]:
        for item in self.ledger.intervals(pipeline.group, pipeline.revision, BEGINNING):
            is_dead = item.state is State.RUNNING and item.lease_until < now
            if is_dead or item.state in (State.FAILED, State.BLOCKED):
                yield item.interval

    def _items(self, pipeline: Pipeline, after: int) -> list[IntervalItem]:
        """The intervals that reach beyond an instant, and some before it."""
        first = after - MOST_CHUNK
        return list(self.ledger.intervals(pipeline.group, pipeline.revision, first))
