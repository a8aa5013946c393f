"""Trainings from Python: run now, and looked at.

print(platform.trainings.run("fraud").reason)
print(platform.trainings.status("fraud").state)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from larder.errors import ResourceNotFound
from larder.event_time import iso_seconds
from larder.foreign_errors import in_larders_words
from larder.progress import Progress, Report, silent
from larder.trainings.definition import Training
from larder.trainings.runs import RunState, Trigger
from larder.trainings.runs import TrainingRun as StoredRun
from larder.wiring.executions import Execution
from larder.wiring.training_client import TrainingRuns

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What a run came to.

    Attributes:
        execution: its ARN in Step Functions.
        status: that of Step Functions, such as ``SUCCEEDED``.
        run: the run's id; empty where another run goes on.
        package: the candidate, such as ``fraud/7``.
        champion: the version that it was compared with; empty where there was none.
        outcome: ``approved`` or ``pending``.
        reason: why, with the numbers.
        cause: why the run failed.
    """

    execution: str
    status: str
    run: str = ""
    package: str = ""
    champion: str = ""
    outcome: str = ""
    reason: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One run, as the ledger has it: instants in ISO-8601."""

    run: str
    state: str
    trigger: str
    started: str
    changed: str
    attempts: int
    training_set: str
    package: str
    champion: str
    outcome: str
    reason: str
    report: str
    cause: str


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """The newest run of a training, and up to 20 earlier ones, the newest first."""

    training: str
    newest: RunStatus
    earlier: tuple[RunStatus, ...] = ()

    @property
    def state(self) -> str:
        """That of the newest run: ``running``, ``done`` or ``failed``."""
        return self.newest.state


@dataclass(frozen=True, slots=True)
class TrainingsClient:
    """Runs trainings with this process's IAM rights."""

    runs: TrainingRuns

    def list(self) -> list[Training]:
        """The trainings that are deployed, by name.

        Raises:
            LarderError: S3 refused.
        """
        with in_larders_words("the trainings can't be read"):
            return [each for _, each in sorted(self.runs.declared().items())]

    def run(self, name: str, *, wait: bool = True, report: Report = silent) -> TrainingRun:
        """Build the set, train, register, compare and decide.

        Where a run of the training goes on, nothing is begun.

        Raises:
            ResourceNotFound: no such training is deployed.
            LarderError: Step Functions refused.
        """
        with in_larders_words(f"the run of {name} failed"):
            declared = self.runs.declared()
            if name not in declared:
                known = ", ".join(sorted(declared)) or "none"
                raise ResourceNotFound(
                    f"training: {name[:80]!r} is not deployed; there are: {known}"
                )
            arn = self.runs.machine.start({"training": name, "trigger": Trigger.HAND})
            if not wait:
                return _run_of(self.runs.machine.look(arn))

            def tell(status: str, seconds: float) -> None:
                report(Progress(name, state=status, seconds=seconds))

            return _run_of(self.runs.machine.wait(arn, tell))

    def status(self, name: str) -> TrainingStatus | None:
        """The newest runs of a training; ``None`` before its first.

        Raises:
            LarderError: DynamoDB refused.
        """
        with in_larders_words(f"the status of {name} can't be read"):
            newest = self.runs.ledger.newest(name)
            if newest is None:
                return None
            earlier = islice(self.runs.ledger.earlier(name), _SHOWN)
            return TrainingStatus(name, _status(newest), tuple(map(_status, earlier)))


def _run_of(found: Execution) -> TrainingRun:
    output = found.output if found.status == "SUCCEEDED" else {}
    if output.get("state") != RunState.DONE:
        return TrainingRun(found.arn, found.status, cause=found.message)
    names = ("run", "package", "champion", "outcome", "reason")
    return TrainingRun(found.arn, found.status, *(output[each] or "" for each in names))


def _status(run: StoredRun) -> RunStatus:
    return RunStatus(
        run=run.id,
        state=str(run.state),
        trigger=str(run.trigger),
        started=iso_seconds(run.started),
        changed=iso_seconds(run.changed),
        attempts=run.attempts,
        training_set=run.training_set,
        package=run.package,
        champion=run.champion,
        outcome=str(run.outcome or ""),
        reason=run.reason,
        report=run.report,
        cause=run.cause,
    )
