"""The schedule's calls to rounds of monitoring: one log line for each run, and the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from larder.as_of.oracle import nanos_of
from larder.monitoring.rounds import Round, Rounds
from larder.monitoring.run_documents import RunReport, run_members
from larder.monitoring.violations import Check
from larder.monitoring.window import Cadence, Window
from larder.offline.ports import Remaining
from larder.telemetry.log import Log
from larder.telemetry.metrics import Metric, scheduled_run

_METRICS = {
    Metric.MONITORING_DRIFT: (Check.DRIFT,),
    Metric.MONITORING_INPUTS: (Check.COMPLETENESS, Check.CATEGORY, Check.RANGE),
    Metric.MONITORING_SPLITS: (Check.SPLIT,),
}


def create_handler(
    rounds: Rounds, log: Log
) -> Callable[[dict[str, Any], Remaining], dict[str, Any]]:
    """The function of one call. Metrics count the alerts that are open after it.

    An event with ``endpoint`` and ``since`` (and ``until``, in ISO 8601) asks for one run now.
    """

    def handle(event: dict[str, Any], remaining: Remaining) -> dict[str, Any]:
        if "endpoint" in event:
            return _asked(rounds, event, log)
        done = rounds.go(remaining)
        _say(done, log)
        log.metrics(_metrics(rounds.alerts.open_by_check()))
        log.metrics(scheduled_run(failures=len(done.failed)))
        return {"runs": len(done.runs), "baselines": done.baselines, "left": done.left}

    return handle


def _asked(rounds: Rounds, event: Mapping[str, Any], log: Log) -> dict[str, Any]:
    """The run's violations and how many exposures it looked at."""
    until = nanos_of(event["until"]) // 1000 if "until" in event else rounds.clock()
    window = Window(Cadence.ASKED, nanos_of(event["since"]) // 1000, until)
    run = rounds.run(str(event["endpoint"]), window)
    _say_run(run, log)
    return {"exposures": run.exposures, "violations": run_members(run)["violations"]}


def _say_run(run: RunReport, log: Log) -> None:
    log.line(
        "WARNING" if run.violations else "INFO",
        message="monitoring run",
        endpoint=run.endpoint,
        cadence=run.cadence,
        window=run.window,
        exposures=run.exposures,
        violations=sorted({f"{one.feature}: {one.check}" for one in run.violations}),
    )


def _say(done: Round, log: Log) -> None:
    for name, cause in done.unused.items():
        log.line("WARNING", message="documents are no baseline", of=name, cause=cause)
    for each in done.runs:
        _say_run(each, log)
    for name, cause in done.failed.items():
        log.line("ERROR", message="monitoring failed", of=name, cause=cause)


def _metrics(counts: Mapping[Check, int]) -> dict[str, tuple[float, str]]:
    return {
        metric: (float(sum(counts[check] for check in checks)), "Count")
        for metric, checks in _METRICS.items()
    }
