"""The schedule's calls to rounds of monitoring: one log line for each run, and the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from larder.monitoring.rounds import Round, Rounds
from larder.monitoring.violations import Check
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
    """The function of one call. Metrics count the alerts that are open after it."""

    def handle(_event: dict[str, Any], remaining: Remaining) -> dict[str, Any]:
        done = rounds.go(remaining)
        _say(done, log)
        log.metrics(_metrics(rounds.alerts.open_by_check()))
        log.metrics(scheduled_run(failures=len(done.failed)))
        return {"runs": len(done.runs), "baselines": done.baselines, "left": done.left}

    return handle


def _say(done: Round, log: Log) -> None:
    for each in done.runs:
        log.line(
            "WARNING" if each.violations else "INFO",
            message="monitoring run",
            endpoint=each.endpoint,
            cadence=each.cadence,
            window=each.window,
            exposures=each.exposures,
            violations=sorted({f"{one.feature}: {one.check}" for one in each.violations}),
        )
    for name, cause in done.failed.items():
        log.line("ERROR", message="monitoring failed", of=name, cause=cause)


def _metrics(counts: Mapping[Check, int]) -> dict[str, tuple[float, str]]:
    return {
        metric: (float(sum(counts[check] for check in checks)), "Count")
        for metric, checks in _METRICS.items()
    }
