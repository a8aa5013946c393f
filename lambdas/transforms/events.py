"""The state machine's calls to the steps of transform jobs; one log line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from larder.telemetry.log import Log, trace_of
from larder.transforms.ports import Remaining
from larder.transforms.run_job import JobRuns
from larder.transforms.shards import shard_of

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Steps:
    """Does what an event asks: it names a step, a job and its identity."""

    runs: JobRuns

    def by_name(self) -> dict[str, Callable[[Event, Remaining], dict[str, Any]]]:
        """The steps by the names that events have."""
        return {each.__name__: each for each in (self.plan, self.score, self.join, self.close)}

    def plan(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Where the tasks are written down, and how many run at a time."""
        planned = self.runs.plan(event["job"], event["uid"])
        tasks, joins = urlsplit(planned.tasks), urlsplit(planned.joins)
        return {
            "bucket": tasks.netloc,
            "tasks": tasks.path.lstrip("/"),
            "joins": joins.path.lstrip("/"),
            "concurrency": planned.concurrency,
        }

    def score(self, event: Event, remaining: Remaining) -> dict[str, Any]:
        """Score a task, or as much of it as is wanted when somebody stops the job."""
        task = [shard_of(each) for each in event["task"]]
        self.runs.score(event["job"], event["uid"], task, remaining)
        return {}

    def join(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """Join the outputs of an object's shards."""
        self.runs.join(event["uid"], shard_of(event["first"]))
        return {}

    def close(self, event: Event, _remaining: Remaining) -> dict[str, Any]:
        """End the job."""
        job = self.runs.close(event["job"], event["uid"], event.get("broken"))
        return {"status": job.status}


def create_handler(runs: JobRuns, log: Log) -> Callable[[Event, Remaining], dict[str, Any]]:
    """The handler over the steps; what it raises, the machine repeats or gives up on."""
    steps = Steps(runs).by_name()

    def handle(event: Event, remaining: Remaining) -> dict[str, Any]:
        step, job = event["step"], event["job"]
        try:
            answer = steps[step](event, remaining)
        except Exception as error:
            log.line("ERROR", step=step, job=job, uid=event["uid"], trace=trace_of(error))
            raise
        log.line("INFO", step=step, job=job, uid=event["uid"], status=answer.get("status"))
        return answer

    return handle
