"""The state machine of updates."""

from __future__ import annotations

from dataclasses import dataclass

from larder.aws.state_machine import StateMachine
from larder.models.deploy import DEPLOYMENT, ENDPOINT


@dataclass(frozen=True, slots=True)
class StepFunctionsMachine:
    """Implements ``larder.models.registry.DeploymentMachine``.

    An execution has the name of its endpoint and update, so that none begins twice.
    """

    machine: StateMachine

    def start(self, endpoint: str, uid: str) -> None:
        given = {ENDPOINT: endpoint, DEPLOYMENT: uid}
        self.machine.start(f"{endpoint}-{uid}", given, "the update did not begin")
