"""Runs of pipelines from a program: executions of the state machine, and the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.pipelines.runs.due import MOST_CHUNK
from larder.pipelines.runs.items import BEGINNING, IntervalItem, State
from larder.pipelines.runs.ledger import Ledger
from larder.pipelines.runs.plan import Asked
from larder.pipelines.sql.statement import Interval
from larder.progress import Progress, Report
from larder.settings.base import Settings
from larder.wiring.executions import Execution, StateMachine
from larder.wiring.pipeline_ledger import open_ledger


@dataclass(frozen=True, kw_only=True)
class PipelineClientSettings(Settings):
    """Where runs are started, and where they are noted.

    ``pipelines_machine`` is empty where an older release published.
    """

    registry_table: str
    pipelines_machine: str = ""


@dataclass(frozen=True, slots=True)
class PipelineExecutions:
    """Starts executions and waits for them."""

    machine: StateMachine
    ledger: Ledger
    identity: Any  # boto3's, of STS

    def caller(self) -> str:
        """The ARN of the caller that this process's credentials are of.

        Raises:
            LarderError: there are no credentials, or they are refused.
        """
        try:
            return str(self.identity.get_caller_identity()["Arn"])
        except (ClientError, BotoCoreError) as error:
            raise refusal("STS refused to say who asks", error, {}) from error

    def wait(self, arn: str, pipeline: str, asked: Asked, report: Report) -> Execution:
        """The execution once it has ended.

        ``report`` gets the rows that it published. Of a named interval it gets the share that is
        done of what the execution has to do.
        """

        def tell(status: str, seconds: float) -> None:
            report(replace(self._published(arn, pipeline, asked), state=status, seconds=seconds))

        return self.machine.wait(arn, tell)

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


def _within(items: Iterable[IntervalItem], interval: Interval) -> int:
    """How long items have in common with an interval."""
    parts = (each.interval for each in items)
    return sum(
        max(0, min(each.until, interval.until) - max(each.after, interval.after)) for each in parts
    )


def open_executions(settings: PipelineClientSettings) -> PipelineExecutions:
    """The executions of a platform, with the credentials of this process."""
    return PipelineExecutions(
        StateMachine(
            boto3.client("stepfunctions"),
            settings.pipelines_machine,
            "LARDER_PIPELINES_MACHINE",
        ),
        open_ledger(settings.registry_table),
        boto3.client("sts"),
    )
