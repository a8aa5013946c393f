"""Runs of pipelines from a program: executions of the state machine, and the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import boto3
import orjson
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.backoff import Backoff
from larder.errors import ConfigurationError
from larder.pipelines.runs.due import MOST_CHUNK
from larder.pipelines.runs.items import BEGINNING, IntervalItem, State
from larder.pipelines.runs.ledger import Ledger
from larder.pipelines.runs.plan import Asked
from larder.pipelines.sql.statement import Interval
from larder.progress import Progress, Report
from larder.settings.base import Settings
from larder.wiring.pipeline_ledger import open_ledger


@dataclass(frozen=True, kw_only=True)
class PipelineClientSettings(Settings):
    """Where runs are started, and where they are noted.

    ``pipelines_machine`` is empty where an older release published.
    """

    registry_table: str
    pipelines_machine: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution, with the status that Step Functions gives it and what it said at its end."""

    arn: str
    status: str
    output: dict[str, Any]
    cause: str


@dataclass(frozen=True, slots=True)
class PipelineExecutions:
    """Starts executions and waits for them."""

    client: Any  # boto3's, of Step Functions
    machine: str
    ledger: Ledger
    identity: Any  # boto3's, of STS
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.25, longest=5.0))

    def caller(self) -> str:
        """The ARN of the caller that this process's credentials are of.

        Raises:
            LarderError: there are no credentials, or they are refused.
        """
        try:
            return str(self.identity.get_caller_identity()["Arn"])
        except (ClientError, BotoCoreError) as error:
            raise refusal("STS refused to say who asks", error, {}) from error

    def start(self, asked: dict[str, Any]) -> str:
        """The ARN of a new execution.

        Raises:
            LarderError: Step Functions refused.
        """
        if not self.machine:
            raise ConfigurationError(
                "LARDER_PIPELINES_MACHINE is not set: deploy this release, whose stage publishes it"
            )
        try:
            started = self.client.start_execution(
                stateMachineArn=self.machine, input=orjson.dumps(asked).decode()
            )
        except (ClientError, BotoCoreError) as error:
            raise refusal("Step Functions refused the run", error, {}) from error
        return str(started["executionArn"])

    def wait(self, arn: str, pipeline: str, asked: Asked, report: Report) -> Execution:
        """The execution once it has ended.

        ``report`` gets the rows that it published. Of a named interval it gets the share that is
        done of what the execution has to do.
        """
        start = time.monotonic()
        latest: list[Execution] = []

        def ended() -> bool:
            latest[:] = [self.look(arn)]
            status = latest[0].status
            seconds = time.monotonic() - start
            report(replace(self._published(arn, pipeline, asked), state=status, seconds=seconds))
            return status != "RUNNING"

        self.backoff.until(ended, remaining=lambda: inf)
        return latest[0]

    def _published(self, arn: str, pipeline: str, asked: Asked) -> Progress:
        """What the ledger says of an execution."""
        position = self.ledger.position(pipeline)
        interval = asked.interval
        first = interval.after - MOST_CHUNK if interval else BEGINNING
        items = (
            self.ledger.intervals(pipeline, position.revision, first)
            if position is not None
            else ()
        )
        published = [each for each in items if each.state is State.PUBLISHED]
        ours = [each for each in published if each.owner == arn]
        rows = sum(each.rows or 0 for each in ours)
        if interval is None:
            return Progress(pipeline, rows=rows)
        others = [] if asked.again else [each for each in published if each.owner != arn]
        left = interval.until - interval.after - _within(others, interval)
        fraction = min(_within(ours, interval) / left, 1.0) if left > 0 else 1.0
        return Progress(pipeline, rows=rows, fraction=fraction)

    def look(self, arn: str) -> Execution:
        """The execution as it is now.

        Raises:
            LarderError: Step Functions refused.
        """
        try:
            found = self.client.describe_execution(executionArn=arn)
        except (ClientError, BotoCoreError) as error:
            raise refusal("Step Functions refused to tell of the run", error, {}) from error
        output = orjson.loads(found.get("output") or "{}")
        return Execution(arn, found["status"], output, found.get("cause", ""))


def _within(items: Iterable[IntervalItem], interval: Interval) -> int:
    """How long items have in common with an interval."""
    parts = (each.interval for each in items)
    return sum(
        max(0, min(each.until, interval.until) - max(each.after, interval.after)) for each in parts
    )


def open_executions(settings: PipelineClientSettings) -> PipelineExecutions:
    """The executions of a platform, with the credentials of this process."""
    return PipelineExecutions(
        boto3.client("stepfunctions"),
        settings.pipelines_machine,
        open_ledger(settings.registry_table),
        boto3.client("sts"),
    )
