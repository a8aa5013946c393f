"""The state machine of transform jobs."""

from __future__ import annotations

from dataclasses import dataclass

from larder.aws.state_machine import StateMachine


@dataclass(frozen=True, slots=True)
class StepFunctionsJobs:
    """Implements ``larder.transforms.ports.JobMachine``.

    An execution has the name of its job and identity, so that none begins twice.
    """

    machine: StateMachine

    def start(self, name: str, uid: str) -> None:
        given = {"job": name, "uid": uid}
        self.machine.start(f"{name}-{uid}", given, "the transform job did not begin")
