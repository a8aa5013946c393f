"""Runs of predictions from a program: executions of the state machine, and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import orjson

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.pipelines.adapters.dynamodb_ledger import PREDICTIONS, DynamoLedger
from larder.pipelines.runs.items import IntervalItem, State
from larder.pipelines.runs.ledger import Ledger
from larder.predictions.definition import Prediction
from larder.predictions.documents import pin_from_json
from larder.predictions.folders import Folders
from larder.progress import Progress, Report
from larder.settings.base import Settings
from larder.wiring.boto import background
from larder.wiring.executions import Execution, StateMachine
from larder.wiring.predictions import read_predictions


@dataclass(frozen=True, kw_only=True)
class PredictionClientSettings(Settings):
    """Where runs are started, where they are noted, and where their scores lie.

    The last two are empty where an older release published.
    """

    registry_table: str
    offline_bucket: str
    predictions_machine: str = ""
    predictions_definitions: str = ""


@dataclass(frozen=True, slots=True)
class PredictionRuns:
    """Starts runs, waits for them, and reads what they left. Raises as stores do."""

    machine: StateMachine
    ledger: Ledger
    objects: Objects
    s3: Any  # boto3's
    bucket: str
    definitions: str

    def declared(self) -> Mapping[str, Prediction]:
        """The predictions that are deployed, by name."""
        return read_predictions(self.s3, self.definitions)

    def wait(self, arn: str, name: str, report: Report) -> Execution:
        """The execution once it has ended; ``report`` gets the share of shards that are scored."""

        def tell(status: str, seconds: float) -> None:
            report(self.progress(arn, name, status, seconds))

        return self.machine.wait(arn, tell)

    def progress(self, arn: str, name: str, status: str, seconds: float) -> Progress:
        """How far an execution is: its newest run, if it has claimed one."""
        item = self._running(arn, name)
        if item is None:
            return Progress(name, state=status, seconds=seconds)
        if item.state is State.PUBLISHED:
            rows = item.rows or 0
            return Progress(name, state=status, seconds=seconds, rows=rows, fraction=1.0)
        folders = Folders.of(self.bucket, item)
        body = self.objects.read(folders.pin)
        if body is None:
            return Progress(name, state=status, seconds=seconds)
        done = sum(1 for _ in self.objects.listed(folders.scores))
        fraction = done / pin_from_json(body).shards
        return Progress(name, state=status, seconds=seconds, fraction=min(fraction, 0.99))

    def report(self, item: IntervalItem) -> dict[str, Any] | None:
        """The report on a run; ``None`` where it came to none."""
        body = self.objects.read(Folders.of(self.bucket, item).report)
        return None if body is None else dict(orjson.loads(body))

    def published(self, item: IntervalItem) -> str | None:
        """Where a run's scores lie; ``None`` where the run has no pin."""
        folders = Folders.of(self.bucket, item)
        body = self.objects.read(folders.pin)
        return None if body is None else folders.published(pin_from_json(body))

    def items(self, name: str) -> list[IntervalItem]:
        """The runs of a prediction's revision, oldest first."""
        position = self.ledger.position(name)
        if position is None:
            return []
        return list(self.ledger.intervals(name, position.revision, 0))

    def _running(self, arn: str, name: str) -> IntervalItem | None:
        return next((each for each in reversed(self.items(name)) if each.owner == arn), None)


def open_prediction_runs(settings: PredictionClientSettings) -> PredictionRuns:
    """The runs of a platform, with the credentials of this process."""
    config = background()
    s3 = boto3.client("s3", config=config)
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    return PredictionRuns(
        StateMachine(
            boto3.client("stepfunctions"),
            settings.predictions_machine,
            "LARDER_PREDICTIONS_MACHINE",
        ),
        DynamoLedger(dynamodb, settings.registry_table, PREDICTIONS),
        Objects(s3),
        s3,
        settings.offline_bucket,
        settings.predictions_definitions,
    )
