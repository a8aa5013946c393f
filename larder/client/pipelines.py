"""Pipelines from Python: computed now, and looked at.

print(platform.pipelines.run("card").rows)
print(platform.pipelines.status("card").published_until)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from larder.client.consistency import ShownConsistency, shown
from larder.errors import ResourceNotFound
from larder.event_time import iso_seconds
from larder.foreign_errors import in_larders_words
from larder.pipelines.definition import Pipeline
from larder.pipelines.deployment import Deployments, PipelinePlan
from larder.pipelines.runs.accept import read_accepted
from larder.pipelines.runs.documents import read_asked
from larder.pipelines.runs.items import BEGINNING, IntervalItem, Position, State
from larder.pipelines.runs.plan import Asked
from larder.progress import Report, silent
from larder.wiring.executions import Execution
from larder.wiring.pipeline_client import PipelineExecutions
from larder.wiring.pipeline_consistency import PipelineConsistency


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """What a run came to.

    Attributes:
        execution: its ARN in Step Functions.
        status: that of Step Functions, such as ``SUCCEEDED``.
        published: how many intervals were published.
        rows: how many rows those have.
        cause: why the run failed.
    """

    execution: str
    status: str
    published: int = 0
    rows: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class IntervalStatus:
    """One interval: its bounds in ISO-8601, its state, and why it is not published."""

    after: str
    until: str
    state: str
    run_id: str
    attempts: int
    rows: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """How far a pipeline is.

    Everything until ``published_until`` is published. ``states`` counts all intervals of the
    revision by state; ``open`` are those that are not published. ``dropped`` counts late events
    that were older than ``late.accept``, and changed nothing.
    """

    pipeline: str
    revision: int
    published_until: str
    paused: bool
    dropped: int = 0
    states: dict[str, int] = field(default_factory=dict)
    open: list[IntervalStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PipelinesClient:
    """Runs pipelines with this process's IAM rights."""

    executions: PipelineExecutions
    checks: Callable[[], PipelineConsistency]
    deployments: Callable[[], Deployments]

    def run(  # noqa: PLR0913 - each option by its name
        self,
        name: str,
        *,
        after: str | None = None,
        until: str | None = None,
        chunk: str | None = None,
        again: bool = False,
        wait: bool = True,
        report: Report = silent,
    ) -> PipelineRun:
        """Compute what is due of a pipeline, or an interval (after, until] that is named.

        ``chunk`` is the length of parts, such as ``1d``. What is published is left out, unless
        ``again``: then its rows become corrections. ``report`` gets the rows that were published
        so far, and of a named interval the share that is done.

        Raises:
            ValidationError: what is asked for has another form.
            LarderError: Step Functions refused.
        """
        given = {"pipeline": name, "from": after, "to": until, "chunk": chunk, "again": again}
        asked: dict[str, Any] = {k: v for k, v in given.items() if v is not None and v is not False}
        return self._started(asked, report, wait=wait)

    def accept(
        self, run_id: str, reason: str, *, wait: bool = True, report: Report = silent
    ) -> PipelineRun:
        """Publish the rows of a blocked run as they were checked; ``reason`` says why.

        A run that was accepted before is left as it is: nothing is published again.

        Raises:
            ValidationError: the run's id has another form, or there is no reason.
            LarderError: Step Functions refused.
        """
        accepted = read_accepted({"accept": run_id, "reason": reason})
        with in_larders_words(f"the acceptance of {run_id} failed"):
            accepted = replace(accepted, by=self.executions.caller())
            return self._ended(accepted.input, accepted.pipeline, Asked(), report, wait=wait)

    def redrive(self, name: str, *, wait: bool = True, report: Report = silent) -> PipelineRun:
        """Compute again all intervals that failed, are blocked or lost their execution.

        Raises:
            LarderError: Step Functions refused.
        """
        return self._started({"pipeline": name, "redrive": True}, report, wait=wait)

    def pause(self, name: str) -> None:
        """Have looks compute nothing of a pipeline. What is named is computed all the same.

        Raises:
            ResourceNotFound: it was never looked at.
            LarderError: DynamoDB refused.
        """
        self._set_paused(name, paused=True)

    def resume(self, name: str) -> None:
        """Have looks compute what is due again, also what was due meanwhile.

        Raises:
            ResourceNotFound: it was never looked at.
            LarderError: DynamoDB refused.
        """
        self._set_paused(name, paused=False)

    def status(self, name: str) -> PipelineStatus | None:
        """How far a pipeline is; ``None`` before its first look.

        Raises:
            LarderError: DynamoDB refused.
        """
        with in_larders_words(f"the status of {name} can't be read"):
            position = self.executions.ledger.position(name)
            return self._status(position) if position else None

    def statuses(self) -> Iterator[PipelineStatus]:
        """Every pipeline that was looked at, by name.

        Raises:
            LarderError: DynamoDB refused.
        """
        with in_larders_words("the pipelines can't be listed"):
            yield from map(self._status, self.executions.ledger.positions())

    def plan(self, definitions: Iterable[Pipeline]) -> list[PipelinePlan]:
        """What a deployment of these definitions changes, and what becomes due by it.

        They are to be all of the stage: what is deployed and not among them counts as removed.

        Raises:
            LarderError: the deployed definitions or the ledger can't be read.
        """
        with in_larders_words("the deployed pipelines can't be compared"):
            return self.deployments().plan(definitions)

    def consistency(self, name: str, *, sample: int | None = None) -> ShownConsistency:
        """Compare stores, history and source for a sample of records; nothing is stored.

        By default the sample is as large as the definition says.

        Raises:
            ResourceNotFound: no such pipeline is declared.
            ValidationError: the sample is too large.
            LarderError: a store or Athena gave no answer.
        """
        with in_larders_words(f"the consistency of {name} can't be checked"):
            return shown(self.checks().check(name, sample))

    def stored_consistency(self, name: str) -> ShownConsistency | None:
        """The newest report that the schedule stored; ``None`` before its first.

        Raises:
            LarderError: S3 refused.
        """
        with in_larders_words(f"the report of {name} can't be read"):
            report = self.checks().reports.newest(name)
            return None if report is None else shown(report)

    def _started(self, asked: dict[str, Any], report: Report, *, wait: bool) -> PipelineRun:
        name, known = read_asked(asked)
        with in_larders_words(f"the run of {name} failed"):
            return self._ended(asked, name, known, report, wait=wait)

    def _ended(
        self,
        given: dict[str, Any],
        name: str,
        asked: Asked,
        report: Report,
        *,
        wait: bool,
    ) -> PipelineRun:
        arn = self.executions.machine.start(given)
        if not wait:
            return _run_of(self.executions.machine.look(arn))
        return _run_of(self.executions.wait(arn, name, asked, report))

    def _set_paused(self, name: str, *, paused: bool) -> None:
        with in_larders_words(f"{name} can't be {'paused' if paused else 'resumed'}"):
            is_known = self.executions.ledger.pause(name, paused)
        if not is_known:
            raise ResourceNotFound(
                f"pipeline: {name[:80]!r} was never looked at; larder pipeline list names those "
                "that were"
            )

    def _status(self, position: Position) -> PipelineStatus:
        ledger = self.executions.ledger
        items = list(ledger.intervals(position.pipeline, position.revision, BEGINNING))
        return PipelineStatus(
            position.pipeline,
            position.revision,
            iso_seconds(position.published_until),
            position.paused,
            position.dropped,
            dict(Counter(str(each.state) for each in items)),
            [_interval(each) for each in items if each.state is not State.PUBLISHED],
        )


def _interval(item: IntervalItem) -> IntervalStatus:
    after, until = iso_seconds(item.interval.after), iso_seconds(item.interval.until)
    return IntervalStatus(
        after, until, str(item.state), item.run_id, item.attempts, item.rows, item.cause
    )


def _run_of(found: Execution) -> PipelineRun:
    output = found.output if found.status == "SUCCEEDED" else {}
    return PipelineRun(
        found.arn,
        found.status,
        output.get("published", 0),
        output.get("rows", 0),
        found.message,
    )
