"""The state machine's calls to the steps of a run; one log line each.

An interval travels between states as ``interval_document`` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from larder.errors import ValidationError
from larder.pipelines.checks.judge import Result
from larder.pipelines.consistency.report import ConsistencyReport
from larder.pipelines.definition import Engine
from larder.pipelines.durations import SECOND
from larder.pipelines.lineage.note import LineageNotes
from larder.pipelines.runs.accept import accepted_interval, claim_accepted, read_accepted
from larder.pipelines.runs.causes import cause_of
from larder.pipelines.runs.documents import (
    interval_document,
    item_document,
    item_of,
    read_asked,
)
from larder.pipelines.runs.items import Acceptance, IntervalItem, State
from larder.pipelines.runs.late import Late
from larder.pipelines.runs.ports import ChecksFailed, IntervalsFailed, Remaining
from larder.pipelines.runs.work import PipelineWork
from larder.pipelines.sql.statement import Interval
from larder.telemetry.log import Log
from larder.telemetry.metrics import PIPELINE, Metric

Event = Mapping[str, Any]
Compare = Callable[[str, Remaining], ConsistencyReport]


@dataclass(frozen=True, slots=True)
class Steps:
    """Does what an event asks; ``log`` takes the metrics.

    ``compare`` checks a pipeline's consistency and stores the report. ``lineage`` keeps the events
    of runs.
    """

    work: PipelineWork
    log: Log
    compare: Compare
    lineage: LineageNotes

    def by_name(self) -> dict[str, Callable[[Event, Remaining], dict[str, Any]]]:
        """The steps by the names that events have."""
        steps = (
            self.plan,
            self.claim,
            self.prepare,
            self.compute,
            self.check,
            self.accept,
            self.record,
            self.fail,
            self.close,
            self.freshness,
            self.consistency,
        )
        return {each.__name__: each for each in steps}

    def plan(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """The intervals to compute, each as the state machine's inner states take it."""
        if "accept" in event["input"]:
            return {"chunks": self._accepted(event["input"])}
        name, asked = read_asked(event["input"])
        pipeline = self.work.pipeline(name)
        late = self.work.find_late(pipeline)
        self._say(name, late)
        found = self.work.runs.look(pipeline, asked)
        takes = [str(each) for each in asked.takes]
        return {
            "chunks": [
                {"pipeline": name, **interval_document(each), "takes": takes} for each in found
            ]
        }

    def _say(self, name: str, late: Late) -> None:
        for text in late.notes:
            self.log.line("WARNING", message=text, pipeline=name)
        if late.again or late.dropped:
            self.log.line(
                "WARNING" if late.dropped else "INFO",
                message="late events",
                pipeline=name,
                intervals_due_again=len(late.again),
                events_too_old=late.dropped,
            )
        if late.dropped:
            self.log.metrics({Metric.LATE_EVENTS_DROPPED: (float(late.dropped), "Count")})

    def freshness(self, _event: Event, _remaining: Remaining) -> dict[str, Any]:
        """The age of each pipeline's data as a metric, and the greatest of all."""
        ages = dict(self.work.data_ages())
        for name, age in ages.items():
            log = replace(self.log, dimensions={**self.log.dimensions, PIPELINE: name})
            log.metrics({Metric.PIPELINE_DATA_AGE: (age / SECOND, "Seconds")})
        if ages:
            self.log.metrics({Metric.PIPELINE_DATA_AGE: (max(ages.values()) / SECOND, "Seconds")})
        return {"pipelines": len(ages)}

    def claim(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Whether the execution has the interval now, and in which run."""
        chunk = event["chunk"]
        pipeline = self.work.pipeline(chunk["pipeline"])
        interval = Interval(chunk["after"], chunk["until"])
        if "accept" in chunk:
            taken = self._claim_accepted(chunk, interval, event["owner"])
        else:
            takes = tuple(State(each) for each in chunk["takes"])
            taken = self.work.claim(pipeline, interval, event["owner"], takes)
        if taken is not None:
            self.lineage.started(taken)
        return {
            "taken": taken is not None,
            "accepts": taken is not None and taken.has_rows,
            "may_use_spark": taken is not None and self.work.may_use_spark(pipeline),
            "run": item_document(taken) if taken else None,
        }

    def prepare(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Whether Spark computes the interval, and with which arguments."""
        item = item_of(event["run"])
        choice, arguments = self.work.prepare(item)
        engine = Engine.SPARK if choice.is_spark else Engine.ATHENA
        found = {} if choice.bytes is None else {"bytes": choice.bytes}
        self.log.line("INFO", message="engine chosen", run=item.run_id, engine=engine, **found)
        return {"spark": choice.is_spark, "arguments": arguments}

    def compute(self, event: Event, remaining: Remaining) -> dict[str, Any]:
        """Have the rows written."""
        self.work.compute(item_of(event["run"]), remaining)
        return {}

    def check(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """How many rows there are, if they are as expected."""
        report = self.work.check(item_of(event["run"]))
        if any(report.of(Result.WARNED)):
            warned = report.named(Result.WARNED)
            self.log.line("WARNING", message="checks warn", run=report.run, checks=warned)
        return {"rows": report.rows, "keys": report.keys}

    def accept(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """How many rows lie there to be published."""
        report = self.work.accept(item_of(event["run"]))
        return {"rows": report.rows, "keys": report.keys}

    def record(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Note that the interval is published."""
        item, rows = item_of(event["run"]), event["rows"]
        self.work.record(item, rows, event.get("keys"))
        self.lineage.completed(item, rows)
        self.log.metrics({Metric.PIPELINE_ROWS: (float(rows), "Count")})
        return {"run": item.run_id, "state": State.PUBLISHED, "rows": rows}

    def fail(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Note that it is not, and why."""
        chunk, error = event["chunk"], event["chunk"]["error"]
        run = chunk.get("claim", {}).get("run")
        state = State.BLOCKED if error["Error"] == ChecksFailed.__name__ else State.FAILED
        cause = cause_of(error)
        if run and state is State.BLOCKED:
            if self.work.block(item_of(run), cause):
                paused = {"pipeline": run["pipeline"], "run": run["run_id"]}
                self.log.line("WARNING", message="pipeline paused", **paused)
        elif run:
            self.work.fail(item_of(run), state, cause)
        if run:
            self.lineage.failed(item_of(run), cause)
        self.log.metrics({Metric.PIPELINE_FAILURES: (1.0, "Count")})
        return {"run": run["run_id"] if run else None, "state": state, "cause": cause}

    def _accepted(self, given: Event) -> list[dict[str, Any]]:
        """The chunk of the run that a person accepts; none where it is published already."""
        accepted = read_accepted(given)
        pipeline = self.work.pipeline(accepted.pipeline)
        item = accepted_interval(self.work.runs, pipeline, accepted)
        if item is None:
            return []
        acceptance = asdict(Acceptance(accepted.attempt, accepted.by, accepted.reason))
        bounds = interval_document(item.interval)
        return [{"pipeline": accepted.pipeline, **bounds, "accept": acceptance}]

    def _claim_accepted(self, chunk: Event, interval: Interval, owner: str) -> IntervalItem | None:
        acceptance = Acceptance(**chunk["accept"])
        pipeline = self.work.pipeline(chunk["pipeline"])
        item = IntervalItem(pipeline.group, pipeline.revision, interval)
        taken = claim_accepted(self.work.runs, item, owner, acceptance)
        if taken is not None:
            told = {"by": acceptance.by, "reason": acceptance.reason}
            self.log.line("INFO", message="blocked run accepted", run=taken.staged_run, **told)
        return taken

    def close(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """What became of all; it raises where some intervals failed."""
        results = event["results"]
        failed = [each for each in results if each["state"] in (State.FAILED, State.BLOCKED)]
        if failed:
            first = f"{failed[0]['run']}: {failed[0]['cause']}"
            raise IntervalsFailed(f"{len(failed)} of {len(results)} intervals; {first}"[:1000])
        done = [each for each in results if each["state"] == State.PUBLISHED]
        return {"published": len(done), "rows": sum(each["rows"] for each in done)}

    def consistency(self, event: Event, remaining: Remaining) -> dict[str, Any]:
        """Compare a pipeline's stores, history and source; the report is stored."""
        report = self.compare(str(event["pipeline"]), remaining)
        mismatches, late = report.different_share, report.timeliness.late_share
        self.log.metrics(
            {
                Metric.PIPELINE_MISMATCHES: (100 * mismatches, "Percent"),
                Metric.PIPELINE_LATE: (100 * late, "Percent"),
            }
        )
        return {"different": report.different, "cells": report.cells}


def create_handler(
    work: PipelineWork, log: Log, compare: Compare, lineage: LineageNotes
) -> Callable[[dict[str, Any], Remaining], dict[str, Any]]:
    """The function of one call: ``event["step"]`` names the step."""
    known = Steps(work, log, compare, lineage).by_name()

    def handle(event: dict[str, Any], remaining: Remaining) -> dict[str, Any]:
        step = event.get("step")
        if step not in known:
            raise ValidationError(f"step: {step!r} is not one of {', '.join(known)}")
        answer = known[step](event, remaining)
        run = (event.get("run") or {}).get("run_id")
        log.line("INFO", message="pipeline step done", step=step, run=run)
        return answer

    return handle
