"""Runs of pipelines from a program: executions of the state machine, and the ledger."""

from __future__ import annotations

import time
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
from larder.pipelines.runs.items import BEGINNING, State
from larder.pipelines.runs.ledger import Ledger
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

    def wait(self, arn: str, pipeline: str, asked: Interval | None, report: Report) -> Execution:
        """The execution once it has ended.

        ``report`` gets the rows that it published, and of what is ``asked`` the share that is done.
        """
        start, latest = time.monotonic(), [self.look(arn)]

        def ended() -> bool:
            latest[:] = [self.look(arn)]
            status = latest[0].status
            seconds = time.monotonic() - start
            report(replace(self._published(arn, pipeline, asked), state=status, seconds=seconds))
            return status != "RUNNING"

        self.backoff.until(ended, remaining=lambda: inf)
        return latest[0]

    def _published(self, arn: str, pipeline: str, asked: Interval | None) -> Progress:
        """What the ledger says of an execution."""
        position = self.ledger.position(pipeline)
        first = asked.after - MOST_CHUNK if asked else BEGINNING
        items = (
            self.ledger.intervals(pipeline, position.revision, first)
            if position is not None
            else ()
        )
        published = [each for each in items if each.state is State.PUBLISHED]
        rows = sum(each.rows or 0 for each in published if each.owner == arn)
        if asked is None:
            return Progress(pipeline, rows=rows)
        done = sum(_common(each.interval, asked) for each in published)
        return Progress(pipeline, rows=rows, fraction=min(done / (asked.until - asked.after), 1.0))

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


def _common(one: Interval, other: Interval) -> int:
    """How long two intervals have in common."""
    return max(0, min(one.until, other.until) - max(one.after, other.after))


def open_executions(settings: PipelineClientSettings) -> PipelineExecutions:
    """The executions of a platform, with the credentials of this process."""
    return PipelineExecutions(
        boto3.client("stepfunctions"),
        settings.pipelines_machine,
        open_ledger(settings.registry_table),
        boto3.client("sts"),
    )
