"""What the ledger holds: how far a pipeline has come, and one item for each interval.

A schedule only says *look*; the ledger says what is due. So a missed, late or doubled look costs
nothing. All instants are microseconds since the epoch in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from larder.pipelines.durations import MINUTE
from larder.pipelines.sql.statement import Interval

LEASE = 30 * MINUTE
"""How long a claim holds where its owner died; each step renews it."""
MOST_ATTEMPTS = 3
"""After so many failures an interval waits for a person, who names it to run it again."""
BEGINNING = -62_135_596_800 * 1_000_000
"""The year 1: no interval begins earlier."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """The state of an interval.

    A ``failed`` one is tried again at the next look, a few times. A ``blocked`` one was computed,
    and a check refused its rows; nothing of it is published. It waits for a person.
    """

    DUE = "due"
    RUNNING = "running"
    PUBLISHED = "published"
    FAILED = "failed"
    BLOCKED = "blocked"


DUE = (State.DUE, State.FAILED)
"""What a look takes."""
NAMED = (*DUE, State.BLOCKED)
"""What a person takes who names an interval."""
AGAIN = (*NAMED, State.PUBLISHED)
"""What a person takes who wants it computed again; its rows become corrections."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a pipeline has come.

    Everything up to ``published_until`` is published in this ``revision``. A ``paused`` pipeline
    computes nothing but what is asked for by name. ``reads`` are the snapshots of source tables up
    to which late events were looked for. ``dropped`` counts those that were too old. ``made_of``
    has the fingerprint of each member of the definition that rows were published by first.
    """

    pipeline: str
    revision: int
    published_until: int
    paused: bool = False
    reads: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0
    made_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That a person has the rows of a blocked attempt published; who, and why."""

    attempt: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Publication:
    """That rows were being published: under which attempt's id, and which attempt staged them.

    It is kept until its interval ends. A later attempt that finds it goes on with it: the same id
    leaves each row in the history once.
    """

    attempt: int
    staged: int


@dataclass(frozen=True, slots=True)
class IntervalItem:
    """One interval of a pipeline.

    Attributes:
        pipeline: the feature group that it writes.
        revision: that of the definition.
        interval: its points T, after < T <= until.
        state: its state.
        owner: who claimed it last: the ARN of an execution.
        lease_until: when that claim ends.
        attempts: how often it was claimed; part of the run's id.
        failures: how often it failed since it was published last.
        rows: how many rows were published.
        cause: why it failed or is blocked.
        changed: when the item was written last.
        keys: how many record identifiers the published rows have.
        pauses: whether a check failed that pauses the pipeline when it fails twice running.
        accepted: whose rows are published in place of the attempt's own.
        publication: the publication that began, and has not ended.
    """

    pipeline: str
    revision: int
    interval: Interval
    state: State = State.DUE
    owner: str = ""
    lease_until: int = 0
    attempts: int = 0
    failures: int = 0
    rows: int | None = None
    cause: str = ""
    changed: int = 0
    keys: int | None = None
    pauses: bool = False
    accepted: Acceptance | None = None
    publication: Publication | None = None

    @property
    def run_id(self) -> str:
        """The one word to search for: folder on S3, key of log lines."""
        return self._run(self.attempts)

    @property
    def published_run(self) -> str:
        """The id of the ingestion: this run, or the one whose publication it goes on with."""
        return self._run(self._publication.attempt)

    @property
    def staged_run(self) -> str:
        """The run that staged the rows to publish.

        It is this one, the one that was accepted, or the one whose publication it goes on with.
        """
        return self._run(self._publication.staged)

    @property
    def has_rows(self) -> bool:
        """Whether its rows lie there already, to be published without computing them."""
        return self.accepted is not None or self.publication is not None

    def publishing(self) -> IntervalItem:
        """The item as it is noted once its publication begins."""
        return replace(self, publication=self._publication)

    @property
    def _publication(self) -> Publication:
        if self.publication is not None:
            return self.publication
        staged = self.attempts if self.accepted is None else self.accepted.attempt
        return Publication(self.attempts, staged)

    def _run(self, attempt: int) -> str:
        after, until = (stamp(each) for each in (self.interval.after, self.interval.until))
        return f"{self.pipeline}-r{self.revision}-{after}-{until}-{attempt}"

    def may_be_claimed(self, claim: Claim) -> bool:
        """Whether it may be taken: it rests in a fitting state, or its owner's lease ran out.

        Of a blocked attempt that is accepted, it must still be the last one.
        """
        is_running = self.state is State.RUNNING
        if claim.accepts is not None:
            is_blocked = self.state is State.BLOCKED and self.attempts == claim.accepts
            return is_blocked or (is_running and self.owner == claim.owner)
        if is_running:
            return self.owner == claim.owner or self.lease_until < claim.now
        return self.state in claim.takes


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants an interval, when, and in which states of rest it is taken.

    ``accepts`` is the blocked attempt whose rows are accepted, if that is what it is for.
    """

    owner: str
    now: int
    takes: tuple[State, ...] = DUE
    accepts: int | None = None


def stamp(micros: int) -> str:
    """A minute in UTC as names have it: ``20250131T1200``."""
    return f"{_EPOCH + timedelta(microseconds=micros):%Y%m%dT%H%M}"


def micros_of_stamp(text: str) -> int:
    """The instant of a ``stamp``.

    Raises:
        ValueError: the text has another form.
    """
    moment = datetime.strptime(text, "%Y%m%dT%H%M").replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
