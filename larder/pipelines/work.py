"""What is known of a pipeline's intervals: what is due, who computes it, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from larder.pipelines.sql.statement import Interval


class WorkState(StrEnum):
    """Where an interval is. ``blocked`` waits for a person: a check failed."""

    DUE = "due"
    RUNNING = "running"
    PUBLISHED = "published"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One interval of one revision of a pipeline.

    Attributes:
        pipeline: the feature group's name.
        revision: the definition's.
        interval: its points. Work is known by where it begins.
        number: which computation of the interval it is, from 1 on.
        owner: the execution that computes it or computed it last.
        lease_until: until when no other execution may take it, in microseconds.
        again: it became due again while it was computed.
        cause: why it failed or is blocked.
        rows: how many rows it published.
        version: grows with each write of the item.
    """

    pipeline: str
    revision: int
    interval: Interval
    state: WorkState = WorkState.DUE
    number: int = 1
    owner: str = ""
    lease_until: int = 0
    again: bool = False
    cause: str = ""
    rows: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a pipeline is.

    Attributes:
        pipeline: the feature group's name.
        revision: the definition's that the rest is about.
        planned_until: the intervals up to here are known as work.
        position: the snapshot of each source table up to which its commits were looked at.
        paused: nothing is planned or taken while it is so.
        version: grows with each write of the item.
    """

    pipeline: str
    revision: int
    planned_until: int | None = None
    position: Mapping[str, int] = field(default_factory=dict)
    paused: bool = False
    version: int = 0


class WorkItems(Protocol):
    """Where work and progress are kept. Methods raise as stores do.

    A write takes effect only on the version that the writer has read. So two writers of one item
    can't both succeed.
    """

    def get(self, pipeline: str, revision: int, after: int) -> Work | None:
        """The work that begins there."""

    def put(self, work: Work) -> bool:
        """Store it as its next version, if the stored version is its own (0: there is no item).

        Whether it was stored.
        """

    def list(self, pipeline: str, revision: int) -> Iterator[Work]:
        """All work of a revision, the earliest first."""

    def progress(self, pipeline: str) -> Progress | None:
        """How far a pipeline is, if it was ever planned."""

    def put_progress(self, progress: Progress) -> bool:
        """As ``put``."""
