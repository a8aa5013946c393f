"""The state machine's calls to the steps of a training's run; one log line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from larder.errors import ConflictException, ValidationError
from larder.pipelines.runs.causes import cause_of
from larder.telemetry.log import Log
from larder.telemetry.metrics import TRAINING, Metric
from larder.trainings.asked import read_asked
from larder.trainings.runs import TrainingRun
from larder.trainings.work import TrainingWork

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Steps:
    """Does what an event asks; ``log`` takes the metrics."""

    work: TrainingWork
    log: Log

    def by_name(self) -> dict[str, Callable[[Event], dict[str, Any]]]:
        """The steps by the names that events have."""
        steps = (self.plan, self.build, self.register, self.decide, self.close, self.fail)
        return {each.__name__: each for each in steps}

    def plan(self, event: Event) -> dict[str, Any]:
        """Whether there is a run to do, and which."""
        run = self.work.plan(read_asked(event["input"]), event["owner"])
        if run is None:
            return {"taken": False, "run": None}
        told = {"training": run.training, "id": run.id, "owner": run.owner}
        return {"taken": True, "run": told}

    def build(self, event: Event) -> dict[str, Any]:
        """What the training step is invoked with."""
        return self.work.build(self._held(event))

    def register(self, event: Event) -> dict[str, Any]:
        """What is to be compared."""
        return self.work.register(self._held(event)).to_json()

    def decide(self, event: Event) -> dict[str, Any]:
        """What becomes of the candidate."""
        compared = event["compared"]
        outcome = self.work.decide(
            self._held(event), better=compared["better"], told=compared["told"]
        )
        return {"outcome": outcome}

    def close(self, event: Event) -> dict[str, Any]:
        """The end of a run that is done."""
        run = self.work.close(self._held(event))
        self.log.metrics({Metric.TRAINING_RUNS: (1.0, "Count")})
        return {
            "state": run.state,
            "run": run.id,
            "package": run.package,
            "champion": run.champion,
            "outcome": run.outcome,
            "reason": run.reason,
        }

    def fail(self, event: Event) -> dict[str, Any]:
        """The end of a run that failed, with its cause."""
        cause = cause_of(event["error"])
        name = event["run"]["training"]
        try:
            self.work.fail(self._held(event), cause)
        except ConflictException as error:
            # another execution goes on with the run: what failed here is no failure of it
            self.log.line("WARNING", message="run not marked", training=name, error=str(error))
        log = replace(self.log, dimensions={**self.log.dimensions, TRAINING: name})
        for each in (log, self.log):
            each.metrics({Metric.TRAINING_FAILURES: (1.0, "Count")})
        return {"cause": cause}

    def _held(self, event: Event) -> TrainingRun:
        run = event["run"]
        return self.work.held(run["training"], run["id"], run["owner"])


def create_handler(
    work: TrainingWork, log: Log
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The Lambda handler: ``event["step"]`` names the step."""
    known = Steps(work, log).by_name()

    def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
        step = event.get("step")
        if step not in known:
            raise ValidationError(f"step: {step!r} is not one of {', '.join(known)}")
        answer = known[step](event)
        run = event.get("run") or {}
        log.line(
            "INFO",
            message="training step done",
            step=step,
            training=run.get("training"),
            run=run.get("id"),
        )
        return answer

    return handle
