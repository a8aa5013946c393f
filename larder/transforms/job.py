"""A transform job: what was asked for, the model as it was then, and how far it has come.

Times are microseconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from larder.models.registry_items import Item, Sent
from larder.models.served import ServedModel

MOST_REASON: Final = 1024
"""Characters of a FailureReason, by SageMaker's model."""


class JobStatus(StrEnum):
    """Where a job is in its life: SageMaker's names."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing is done for the job any more."""
        return self in _OVER


_OVER: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformJob(Item):
    """A transform job. ``model`` is frozen at creation, so that the model may be deleted.

    ``sent`` are the members that a description shows again. ``started`` is when its work began,
    ``ended`` when it was over, and ``changed`` when its status was last set; 0 is never.
    """

    sent: Sent
    model: ServedModel
    state: JobStatus
    changed: int
    started: int = 0
    ended: int = 0
    failure: str | None = None

    @property
    def modified(self) -> int:
        """When its status was last set."""
        return self.changed

    @property
    def status(self) -> str:
        """Where it is in its life."""
        return self.state

    def begun(self, now: int) -> TransformJob:
        """The job whose work begins; the first beginning counts."""
        return self if self.started else replace(self, started=now, changed=now)

    def stopping(self, now: int) -> TransformJob:
        """The job that is to come to an end."""
        return replace(self, state=JobStatus.STOPPING, changed=now)

    def over(self, failure: str | None, now: int) -> TransformJob:
        """The job at its end; a job that was stopping is stopped, whatever failed before."""
        if self.state.is_over:
            return self
        if self.state is JobStatus.STOPPING:
            return replace(self, state=JobStatus.STOPPED, ended=now, changed=now)
        state = JobStatus.FAILED if failure else JobStatus.COMPLETED
        reason = failure[:MOST_REASON] if failure else None
        return replace(self, state=state, failure=reason, ended=now, changed=now)
