"""Predictions from Python: run now, and looked at.

print(platform.predictions.run("credit_score").rows)
print(platform.predictions.status("credit_score").published_until)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from larder.errors import ResourceNotFound, ValidationError
from larder.event_time import iso_seconds
from larder.foreign_errors import in_larders_words
from larder.pipelines.durations import EXAMPLES, MINUTE, micros_of
from larder.pipelines.runs.documents import instant
from larder.pipelines.runs.items import IntervalItem, State
from larder.predictions.asked import read_asked
from larder.predictions.definition import Prediction
from larder.progress import Report, silent
from larder.wiring.executions import Execution
from larder.wiring.prediction_client import PredictionRuns

MOST_RUNS = 1_000


@dataclass(frozen=True, slots=True)
class PredictionRun:
    """What a run came to.

    Attributes:
        execution: its ARN in Step Functions.
        status: that of Step Functions, such as ``SUCCEEDED``.
        run: the run's id; empty where there was nothing to do.
        rows: how many scores were published.
        failed_shards: shards that were tolerated; their records keep the scores they had.
        cause: why the run failed.
    """

    execution: str
    status: str
    run: str = ""
    rows: int = 0
    failed_shards: tuple[int, ...] = ()
    cause: str = ""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One run: its instant in ISO-8601, its state, and why it published nothing."""

    as_of: str
    state: str
    run_id: str
    attempts: int
    rows: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class PredictionStatus:
    """How far a prediction is.

    ``published_until`` is the instant of its newest published run, empty before the first.
    ``states`` counts the runs of this revision by state; ``open`` are those that published nothing.
    """

    prediction: str
    revision: int
    published_until: str
    paused: bool
    states: dict[str, int] = field(default_factory=dict)
    open: list[RunStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LatestScores:
    """The newest published run: where its Parquet lies, and the report on it."""

    as_of: str
    run_id: str
    rows: int
    address: str
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PredictionsClient:
    """Runs predictions with this process's IAM rights."""

    runs: PredictionRuns

    def list(self) -> list[Prediction]:
        """The predictions that are deployed, by name.

        Raises:
            LarderError: S3 refused.
        """
        with in_larders_words("the predictions can't be read"):
            return [each for _, each in sorted(self.runs.declared().items())]

    def run(
        self,
        name: str,
        *,
        as_of: str | None = None,
        again: bool = False,
        wait: bool = True,
        report: Report = silent,
    ) -> PredictionRun:
        """Score all current records, of this minute or as of an instant that is named.

        What is published is left alone, unless ``again``: then its rows become corrections of
        equal value. ``report`` gets the share of shards that are scored.

        Raises:
            ValidationError: what is asked for has another form.
            LarderError: Step Functions refused.
        """
        given = {"prediction": name, "as_of": as_of, "again": again}
        asked = {k: v for k, v in given.items() if v is not None and v is not False}
        return self._started(asked, report, wait=wait)

    def redrive(
        self, name: str, *, as_of: str | None = None, report: Report = silent
    ) -> PredictionRun:
        """Score the shards that failed of a run, by default of the newest that is not published.

        Raises:
            LarderError: Step Functions refused.
        """
        asked: dict[str, Any] = {"prediction": name, "redrive": True}
        return self._started(asked | ({"as_of": as_of} if as_of else {}), report, wait=True)

    def backfill(
        self, name: str, *, after: str, until: str, every: str, report: Report = silent
    ) -> Iterator[PredictionRun]:
        """Runs of past instants: after ``after``, at multiples of ``every``, to ``until``.

        Oldest first, one at a time. It ends with the first that fails. Records are those whose
        event time is not after the instant, of the table as it is now.

        Raises:
            ValidationError: the instants are reversed, or too many.
            LarderError: Step Functions refused.
        """
        for each in _instants(instant("from", after), instant("to", until), every):
            done = self.run(name, as_of=iso_seconds(each), report=report)
            yield done
            if done.status != "SUCCEEDED":
                return

    def pause(self, name: str) -> None:
        """Have the schedule begin no runs. What is named is run all the same.

        Raises:
            ResourceNotFound: it has never run.
            LarderError: DynamoDB refused.
        """
        self._set_paused(name, paused=True)

    def resume(self, name: str) -> None:
        """Have the schedule begin runs again.

        Raises:
            ResourceNotFound: it has never run.
            LarderError: DynamoDB refused.
        """
        self._set_paused(name, paused=False)

    def status(self, name: str) -> PredictionStatus | None:
        """How far a prediction is; ``None`` before its first run.

        Raises:
            LarderError: DynamoDB refused.
        """
        with in_larders_words(f"the status of {name} can't be read"):
            position = self.runs.ledger.position(name)
            if position is None:
                return None
            items = self.runs.items(name)
        until = iso_seconds(position.published_until) if position.published_until > 0 else ""
        return PredictionStatus(
            name,
            position.revision,
            until,
            position.paused,
            dict(Counter(str(each.state) for each in items)),
            [_status(each) for each in items if each.state is not State.PUBLISHED],
        )

    def latest(self, name: str) -> LatestScores | None:
        """The newest published run; ``None`` before the first.

        Raises:
            LarderError: DynamoDB or S3 refused.
        """
        with in_larders_words(f"the scores of {name} can't be read"):
            found = [each for each in self.runs.items(name) if each.state is State.PUBLISHED]
            if not found:
                return None
            newest = found[-1]
            address, report = self.runs.published(newest), self.runs.report(newest)
        as_of, rows = iso_seconds(newest.interval.until), newest.rows or 0
        return LatestScores(as_of, newest.run_id, rows, address or "", report or {})

    def _started(self, asked: dict[str, Any], report: Report, *, wait: bool) -> PredictionRun:
        name = read_asked(asked).prediction
        with in_larders_words(f"the run of {name} failed"):
            arn = self.runs.machine.start(asked)
            if not wait:
                return _run_of(self.runs.machine.look(arn))
            return _run_of(self.runs.wait(arn, name, report))

    def _set_paused(self, name: str, *, paused: bool) -> None:
        with in_larders_words(f"{name} can't be {'paused' if paused else 'resumed'}"):
            is_known = self.runs.ledger.pause(name, paused)
        if not is_known:
            raise ResourceNotFound(f"prediction: {name[:80]!r} has never run")


def _instants(after: int, until: int, every: str) -> Iterator[int]:
    step = micros_of(every)
    if not step or step % MINUTE:
        raise ValidationError(f"every: {every!r} must be whole minutes: {EXAMPLES}")
    if after >= until:
        raise ValidationError(f"from: {iso_seconds(after)} must be before to: {iso_seconds(until)}")
    first = (after // step + 1) * step
    if (until - first) // step >= MOST_RUNS:
        raise ValidationError(f"every: {every!r} makes more than {MOST_RUNS:,} runs: take a longer")
    yield from range(first, until + 1, step)


def _status(item: IntervalItem) -> RunStatus:
    return RunStatus(
        iso_seconds(item.interval.until),
        str(item.state),
        item.run_id,
        item.attempts,
        item.rows,
        item.cause,
    )


def _run_of(found: Execution) -> PredictionRun:
    output = found.output if found.status == "SUCCEEDED" else {}
    return PredictionRun(
        found.arn,
        found.status,
        output.get("run", ""),
        output.get("rows", 0),
        tuple(output.get("failed_shards", ())),
        found.message,
    )
