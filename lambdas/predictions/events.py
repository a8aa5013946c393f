"""The state machine's calls to the steps of a prediction's run; one log line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from larder.errors import ValidationError
from larder.pipelines.checks.judge import Result
from larder.pipelines.durations import SECOND
from larder.pipelines.runs.causes import cause_of
from larder.pipelines.runs.documents import item_document, item_of
from larder.pipelines.runs.items import State
from larder.pipelines.runs.ports import Remaining
from larder.predictions.asked import read_asked
from larder.predictions.gate import FailedShard
from larder.predictions.ports import GateClosed
from larder.predictions.work import PredictionWork
from larder.telemetry.log import Log
from larder.telemetry.metrics import PREDICTION, Metric

Event = Mapping[str, Any]
_LONGEST_CAUSE = 120


@dataclass(frozen=True, slots=True)
class Steps:
    """Does what an event asks; ``log`` takes the metrics."""

    work: PredictionWork
    log: Log

    def by_name(self) -> dict[str, Callable[[Event, Remaining], dict[str, Any]]]:
        """The steps by the names that events have."""
        steps = (
            self.plan,
            self.claim,
            self.pin,
            self.read,
            self.check,
            self.release,
            self.record,
            self.fail,
            self.freshness,
        )
        return {each.__name__: each for each in steps}

    def plan(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """The instant that is due, as ``claim`` takes it."""
        asked = read_asked(event["input"])
        as_of = self.work.plan(asked)
        return {
            "due": as_of is not None,
            "prediction": asked.prediction,
            "as_of": as_of,
            "takes": [str(each) for each in asked.takes],
            "again": asked.again,
        }

    def claim(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Whether the execution has the run now, and which attempt it is."""
        plan = event["plan"]
        prediction = self.work.prediction(plan["prediction"])
        takes = tuple(State(each) for each in plan["takes"])
        taken = self.work.claim(prediction, plan["as_of"], event["owner"], takes)
        run = item_document(taken) if taken is not None else None
        return {"taken": taken is not None, "run": run, "again": plan["again"]}

    def pin(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Which snapshot and which version the run works with."""
        pin = self.work.pin(item_of(event["run"]))
        return {"model": pin.label, "snapshot": pin.snapshot, "shards": pin.shards}

    def read(self, event: Event, remaining: Remaining) -> dict[str, Any]:
        """The shards to score, once their records are written."""
        shards = self.work.read(item_of(event["run"]), remaining, again=event["again"])
        return {"shards": shards}

    def check(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """How many rows there are, if they are as expected.

        Raises:
            GateClosed: they are not, or too many shards failed.
        """
        item = item_of(event["run"])
        failed = [_failed(each) for each in event["results"] if "error" in each]
        found = self.work.check(item, failed)
        report = found.report
        if any(report.of(Result.WARNED)):
            warned = report.named(Result.WARNED)
            self.log.line("WARNING", message="checks warn", run=report.run, checks=warned)
        if found.failed:
            shards = [each.shard for each in found.failed]
            self.log.line("WARNING", message="shards failed", run=report.run, shards=shards)
        if found.is_closed:
            raise GateClosed(report.told(Result.FAILED))
        return {"rows": report.rows, "failed": [each.shard for each in found.failed]}

    def release(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """What is to be published."""
        return asdict(self.work.release(item_of(event["run"]), again=event["again"]))

    def record(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Note that the run is published."""
        item, rows = item_of(event["run"]), event["rows"]
        self.work.record(item, rows)
        self.log.metrics({Metric.PREDICTION_ROWS: (float(rows), "Count")})
        failed = event["failed"]
        return {"run": item.run_id, "state": State.PUBLISHED, "rows": rows, "failed_shards": failed}

    def fail(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Note that it is not, and why."""
        run, error = event["run"], event["error"]
        state = State.BLOCKED if error["Error"] == GateClosed.__name__ else State.FAILED
        self.work.fail(item_of(run), state, cause_of(error))
        self._of(run["pipeline"]).metrics({Metric.PREDICTION_FAILURES: (1.0, "Count")})
        self.log.metrics({Metric.PREDICTION_FAILURES: (1.0, "Count")})
        return {"run": run["run_id"], "state": state, "cause": cause_of(error)}

    def freshness(self, _event: Event, _remaining: Remaining) -> dict[str, Any]:
        """The age of each prediction's newest run as a metric."""
        ages = dict(self.work.ages())
        for name, age in ages.items():
            self._of(name).metrics({Metric.PREDICTION_AGE: (age / SECOND, "Seconds")})
        if ages:
            self.log.metrics({Metric.PREDICTION_AGE: (max(ages.values()) / SECOND, "Seconds")})
        return {"predictions": len(ages)}

    def _of(self, name: str) -> Log:
        return replace(self.log, dimensions={**self.log.dimensions, PREDICTION: name})


def create_handler(
    work: PredictionWork, log: Log
) -> Callable[[dict[str, Any], Remaining], dict[str, Any]]:
    """The function of one call: ``event["step"]`` names the step."""
    known = Steps(work, log).by_name()

    def handle(event: dict[str, Any], remaining: Remaining) -> dict[str, Any]:
        step = event.get("step")
        if step not in known:
            raise ValidationError(f"step: {step!r} is not one of {', '.join(known)}")
        answer = known[step](event, remaining)
        run = (event.get("run") or {}).get("run_id")
        log.line("INFO", message="prediction step done", step=step, run=run)
        return answer

    return handle


def _failed(result: Event) -> FailedShard:
    return FailedShard(result["shard"], cause_of(result["error"])[:_LONGEST_CAUSE])
