"""The ledger: it says what is due, gives it to one execution at a time, and keeps what came of it.

All executions of a pipeline go by it: scheduled ones, backfills, repairs. An execution that dies
holds its interval no longer than its lease. The next one is another computation, with a name of its
own. So files of the dead one are never taken for its.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from larder.errors import ConflictException, ServiceUnavailable
from larder.pipelines.definition import Pipeline
from larder.pipelines.due import chunks, ended
from larder.pipelines.durations import DAY, MINUTE
from larder.pipelines.sql.statement import Interval
from larder.pipelines.work import Progress, Work, WorkItems, WorkState

LEASE = 30 * MINUTE
"""How long an execution has an interval unless it says that it still lives."""
_TRIES = 20


class LeaseLost(ConflictException):
    """Another execution has the interval by now; what this one made must not be published."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The work of pipelines; ``clock`` gives microseconds since the epoch."""

    items: WorkItems
    clock: Callable[[], int]

    def plan(
        self, pipeline: Pipeline, watermark: int | None = None, chunk: int = DAY
    ) -> list[Interval]:
        """Enter what ended since the last look as work, in chunks; what was entered.

        A revision that is new begins at the pipeline's start. A paused pipeline has nothing.

        Raises:
            ServiceUnavailable: others changed the same item all the while.
        """
        for _ in range(_TRIES):
            progress = self._progress(pipeline)
            found = ended(pipeline, progress.planned_until, self.clock(), watermark)
            if progress.paused or found is None:
                return []
            parts = list(chunks(found, chunk))
            for each in parts:  # work first: a look that dies in between is repeated
                self._enter(pipeline, each)
            if self.items.put_progress(replace(progress, planned_until=found.until)):
                return parts
        raise _contended(pipeline.group)

    def mark_due(self, pipeline: Pipeline, intervals: Iterable[Interval]) -> None:
        """Make intervals due, whatever became of them before: late events, a backfill, a repair.

        One that is being computed is due again afterwards.

        Raises:
            ServiceUnavailable: others changed the same item all the while.
        """
        for each in intervals:
            self._change(pipeline, each, partial(_due_again, asked=each))

    def due(self, pipeline: Pipeline) -> Iterator[Work]:
        """What an execution may take, the earliest first; nothing while the pipeline is paused."""
        if not self._progress(pipeline).paused:
            for work in self.items.list(pipeline.group, pipeline.revision):
                if self._is_free(work):
                    yield work

    def claim(self, work: Work, owner: str, lease: int = LEASE) -> Work | None:
        """Take work that is due, or whose owner's lease ran out; ``None`` where another was first.

        Taken from a dead owner it is the next computation.
        """
        stored = self.items.get(work.pipeline, work.revision, work.interval.after)
        if stored is None or not self._is_free(stored):
            return None
        number = stored.number + (stored.state is WorkState.RUNNING)
        taken = replace(
            stored,
            state=WorkState.RUNNING,
            number=number,
            owner=owner,
            lease_until=self.clock() + lease,
            again=False,  # this computation sees what made it due
            cause="",
        )
        return _stored(taken) if self.items.put(taken) else None

    def renew(self, work: Work, lease: int = LEASE) -> Work:
        """Say that the owner still lives.

        Raises:
            LeaseLost: another execution has the interval.
        """
        return self._by_owner(work, lambda s: replace(s, lease_until=self.clock() + lease))

    def finish(self, work: Work, state: WorkState, *, cause: str = "", rows: int = 0) -> Work:
        """Keep what came of it; if it became due again meanwhile, it is due and nothing else.

        Raises:
            LeaseLost: another execution has the interval; nothing was changed.
        """

        def finished(stored: Work) -> Work:
            if stored.again:
                return replace(
                    stored,
                    state=WorkState.DUE,
                    number=stored.number + 1,
                    again=False,
                    lease_until=0,
                )
            return replace(stored, state=state, cause=cause, rows=rows, lease_until=0)

        return self._by_owner(work, finished)

    def set_paused(self, pipeline: Pipeline, *, paused: bool) -> None:
        """Pause or resume a pipeline. What is being computed goes on.

        Raises:
            ServiceUnavailable: others changed the same item all the while.
        """
        for _ in range(_TRIES):
            if self.items.put_progress(replace(self._progress(pipeline), paused=paused)):
                return
        raise _contended(pipeline.group)

    def published_until(self, pipeline: Pipeline) -> int | None:
        """The instant up to which no interval is missing, or ``None`` if the first one is."""
        until: int | None = None
        for work in self.items.list(pipeline.group, pipeline.revision):
            follows = until is None or work.interval.after <= until
            if work.state is not WorkState.PUBLISHED or not follows:
                break
            until = work.interval.until if until is None else max(until, work.interval.until)
        return until

    def _progress(self, pipeline: Pipeline) -> Progress:
        found = self.items.progress(pipeline.group)
        if found is None:
            return Progress(pipeline=pipeline.group, revision=pipeline.revision)
        if found.revision >= pipeline.revision:
            return found
        return replace(found, revision=pipeline.revision, planned_until=None, position={})

    def _is_free(self, work: Work) -> bool:
        if work.state is WorkState.RUNNING:
            return work.lease_until < self.clock()
        return work.state is WorkState.DUE

    def _enter(self, pipeline: Pipeline, interval: Interval) -> None:
        """Make it work unless it is; a look that is repeated changes nothing."""
        self._change(pipeline, interval, lambda work: work)

    def _change(
        self, pipeline: Pipeline, interval: Interval, change: Callable[[Work], Work]
    ) -> None:
        for _ in range(_TRIES):
            stored = self.items.get(pipeline.group, pipeline.revision, interval.after)
            if stored is None:
                wanted = Work(
                    pipeline=pipeline.group, revision=pipeline.revision, interval=interval
                )
            elif (wanted := change(stored)) == stored:
                return
            if self.items.put(wanted):
                return
        raise _contended(pipeline.group)

    def _by_owner(self, work: Work, change: Callable[[Work], Work]) -> Work:
        """Change work that this computation still has."""
        for _ in range(_TRIES):
            stored = self.items.get(work.pipeline, work.revision, work.interval.after)
            if (
                stored is None
                or stored.state is not WorkState.RUNNING
                or (stored.owner, stored.number) != (work.owner, work.number)
            ):
                raise LeaseLost(
                    f"{work.owner} has the interval of {work.pipeline} that begins at "
                    f"{work.interval.after} no more: another execution took it. Start again."
                )
            changed = change(stored)
            if self.items.put(changed):
                return _stored(changed)
        raise _contended(work.pipeline)


def _due_again(work: Work, asked: Interval) -> Work:
    interval = Interval(work.interval.after, max(work.interval.until, asked.until))
    if work.state is WorkState.DUE:
        return replace(work, interval=interval)
    if work.state is WorkState.RUNNING:
        return replace(work, interval=interval, again=True)
    return replace(
        work, interval=interval, state=WorkState.DUE, number=work.number + 1, cause="", rows=0
    )


def _stored(work: Work) -> Work:
    return replace(work, version=work.version + 1)


def _contended(pipeline: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"The ledger of pipeline {pipeline} was changed by others at each of {_TRIES} tries; "
        "nothing was lost, try again."
    )
