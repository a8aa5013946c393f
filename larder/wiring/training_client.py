"""Runs of trainings from a program: executions of the state machine, and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.settings.base import Settings
from larder.trainings.adapters.dynamodb_runs import DynamoTrainingRuns
from larder.trainings.definition import Training
from larder.trainings.runs import TrainingLedger
from larder.wiring.boto import background
from larder.wiring.executions import StateMachine
from larder.wiring.trainings import read_trainings


@dataclass(frozen=True, kw_only=True)
class TrainingClientSettings(Settings):
    """Where runs are started, and where they are noted.

    The last two are empty where an older release published.
    """

    registry_table: str
    trainings_machine: str = ""
    trainings_definitions: str = ""


@dataclass(frozen=True, slots=True)
class TrainingRuns:
    """Starts runs, waits for them, and reads what they left. Raises as stores do."""

    machine: StateMachine
    ledger: TrainingLedger
    s3: Any  # boto3's
    definitions: str

    def declared(self) -> Mapping[str, Training]:
        """The trainings that are deployed, by name."""
        return read_trainings(self.s3, self.definitions)


def open_training_runs(settings: TrainingClientSettings) -> TrainingRuns:
    """The runs of a platform, with the credentials of this process."""
    config = background()
    return TrainingRuns(
        StateMachine(
            boto3.client("stepfunctions"), settings.trainings_machine, "LARDER_TRAININGS_MACHINE"
        ),
        DynamoTrainingRuns(
            BotoDynamo(boto3.client("dynamodb", config=config)), settings.registry_table
        ),
        boto3.client("s3", config=config),
        settings.trainings_definitions,
    )
