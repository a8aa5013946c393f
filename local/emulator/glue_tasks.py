"""State machines that run Glue jobs: ``glue:startJobRun``, and with ``.sync`` waiting for the end.

ministack refuses both. A run that does not succeed fails its task with ``States.TaskFailed``, whose
cause is the run, as on AWS. Source: "Start an AWS Glue job with Step Functions", developer guide.
"""

import json
import time
from typing import Any

from ministack.services import glue, stepfunctions

_RESOURCE = "arn:aws:states:::glue:startJobRun"
_RUNNING = ("STARTING", "RUNNING", "STOPPING", "WAITING")
_POLL_SECONDS = 0.25


def install() -> None:
    """Serve the task."""
    stepfunctions._SERVICE_DISPATCH[_RESOURCE] = _start_job_run


def _start_job_run(resource: str, given: dict[str, Any]) -> dict[str, Any]:
    started = _reply(glue._start_job_run(given))
    if not resource.endswith(".sync"):
        return started
    asked = {"JobName": given["JobName"], "RunId": started["JobRunId"]}
    while (run := _reply(glue._get_job_run(asked))["JobRun"])["JobRunState"] in _RUNNING:
        time.sleep(_POLL_SECONDS)
    if run["JobRunState"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(run))
    return dict(run)


def _reply(response: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    status, _, body = response
    told: dict[str, Any] = json.loads(body)
    if status >= 400:
        name = told.get("__type", "Exception").rpartition("#")[2]
        raise stepfunctions._ExecutionError(f"Glue.{name}", told.get("message", ""))
    return told
