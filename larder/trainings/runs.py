"""Runs of a training: what is written down of one, and the ledger that lets one run at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import orjson

from larder.formats import MEMBER, Format, carried, known_members
from larder.pipelines.durations import HOUR, MINUTE

FORMAT: Final = Format("training-run")
LEASE: Final = 30 * MINUTE
"""How long a run is its execution's after a step began: a step takes 15 minutes at most."""
LONGEST_FUNCTION: Final = 15 * MINUTE
LONGEST_JOB: Final = 48 * HOUR


class Trigger(StrEnum):
    """What began a run."""

    SCHEDULE = "schedule"
    NEW_DATA = "new_data"
    ALARM = "alarm"
    HAND = "hand"


class RunState(StrEnum):
    """Where a run is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of the candidate."""

    APPROVED = "approved"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """One run. Instants are microseconds since the epoch.

    Attributes:
        id: its first instant in UTC, such as ``20260131t120000``; sets and files have it.
        version: grows with each change, so that a later reader never loses to an earlier one.
        owner: the execution that has it until ``lease_until``.
        training_set: the set's name once it is built, with its manifest's SHA-256 beside it.
        trained: whether the training step has ended well.
        package: the candidate, such as ``fraud/7``; ``champion`` what it is compared with, or "".
        read: until when the pipelines of ``new_data`` had published at the beginning.
        outcome: of a run that is done; ``reason`` says why, with the numbers.
        report: where the comparison lies on S3.
        cause: why the run failed.
        stored: the document that it was read from: members of a newer release stay.
    """

    training: str
    id: str
    version: int
    state: RunState
    trigger: Trigger
    owner: str
    lease_until: int
    started: int
    changed: int
    attempts: int = 1
    training_set: str = ""
    manifest_sha256: str = ""
    trained: bool = False
    package: str = ""
    champion: str = ""
    read: Mapping[str, int] = field(default_factory=dict)
    outcome: Outcome | None = None
    reason: str = ""
    report: str = ""
    cause: str = ""
    stored: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def set_name(self) -> str:
        """The name of the run's training set."""
        return f"{self.training}-{self.id}"

    def to_json(self) -> bytes:
        """The run as a JSON document."""
        known = frozenset(each.name for each in fields(self))
        written = asdict(self)
        del written["stored"]
        return orjson.dumps(carried(self.stored, {MEMBER: FORMAT.newest, **written}, known))

    @classmethod
    def from_json(cls, document: str | bytes) -> TrainingRun:
        """The run that ``to_json`` wrote.

        Raises:
            NewerFormat: a newer release wrote it, in a form or a state that this one can't read.
        """
        members: dict[str, Any] = orjson.loads(document)
        label = f"run {members.get('id')} of training {members.get('training')}"
        FORMAT.check(label, members.get(MEMBER))
        known = known_members(cls, members)
        known["state"] = FORMAT.value(label, RunState, members["state"])
        known["trigger"] = FORMAT.value(label, Trigger, members["trigger"])
        told = members.get("outcome")
        known["outcome"] = None if told is None else FORMAT.value(label, Outcome, told)
        return cls(**{**known, "stored": members})


def run_id(instant: int) -> str:
    """The name of a run that begins at an instant."""
    return f"{datetime.fromtimestamp(instant / 1_000_000, UTC):%Y%m%dt%H%M%S}"


class TrainingLedger(Protocol):
    """Where runs are written down. Of a training there is one newest run, and earlier ones."""

    def newest(self, training: str) -> TrainingRun | None:
        """The newest run, strongly consistent; ``None`` before the first."""

    def put(self, run: TrainingRun) -> bool:
        """Write the newest run, whose ``version`` is one more than that of the stored one.

        Whether it was written: ``False`` where somebody else came first.
        """

    def keep(self, run: TrainingRun) -> None:
        """Write a run that has ended among the earlier ones; a second time changes nothing."""

    def earlier(self, training: str) -> Iterator[TrainingRun]:
        """The runs that were kept, the newest first."""

    def trainings(self) -> Iterator[str]:
        """The names of the trainings that have run."""
