"""The state machine of all pipelines, in Amazon States Language.

Every state that calls a function has a time limit. It is tried again where AWS or a store is at
fault. What else fails inside a chunk marks its interval, and the other chunks go on. An error in
``Plan`` or ``Close`` has no interval to mark: it fails the execution, whose cause it is.
"""

from typing import Any, Final

State = dict[str, Any]
LONGEST_CALL: Final = 900
"""Seconds; Lambda's own limit."""
_BRIEF: Final = 120
_AWS_FAULTS: Final = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "ServiceUnavailable",
    "ThrottlingException",
)
_STOPPED: Final = ("States.Timeout", "Lambda.Unknown", "Sandbox.Timedout")
_RUN: Final = "$.claim.run"


def definition(steps: str, publisher: str) -> State:
    """The machine over two functions, by their ARNs."""
    return {
        "Comment": "Larder: intervals of feature pipelines, computed and published",
        "StartAt": "Plan",
        "States": {
            "Plan": {
                **_step(steps, "plan", {"input.$": "$"}, next_state="Chunks"),
                "TimeoutSeconds": LONGEST_CALL,  # it reads the instants of what was committed
            },
            "Chunks": {
                "Type": "Map",
                "ItemsPath": "$.chunks",
                # oldest first, so that progress is a date; and one query at a time
                "MaxConcurrency": 1,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Claim",
                    "States": _of_chunk(steps, publisher),
                },
                "ResultPath": "$.results",
                "Next": "Close",
            },
            "Close": {**_step(steps, "close", {"results.$": "$.results"}), "End": True},
        },
    }


def _of_chunk(steps: str, publisher: str) -> State:
    run = {"run.$": _RUN}
    claim = {"chunk.$": "$", "owner.$": "$$.Execution.Id"}
    return {
        "Claim": _caught(_step(steps, "claim", claim, result="$.claim", next_state="IsClaimed")),
        "IsClaimed": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.claim.accepts", "BooleanEquals": True, "Next": "Accept"},
                {"Variable": "$.claim.taken", "BooleanEquals": True, "Next": "Compute"},
            ],
            "Default": "Taken",
        },
        "Taken": {"Type": "Pass", "Result": {"state": "taken"}, "End": True},
        "Compute": _caught(_computing(steps, run)),
        "Check": _caught(_checking(steps, run)),
        # rows that a check refused and a person accepted: they are published as they lie
        "Accept": _caught(_step(steps, "accept", run, result="$.checked", next_state="Publish")),
        "Publish": _caught(_publishing(publisher, run)),
        "Record": _caught({**_recording(steps, run), "End": True}),
        "Failed": {**_step(steps, "fail", {"chunk.$": "$"}), "End": True},
    }


def _computing(steps: str, run: State) -> State:
    state = _step(steps, "compute", run, result="$.computed", next_state="Check")
    # a query may take longer than a function: it is waited for again, by its token
    waits = _retry(("StillRunning", *_STOPPED), attempts=20, seconds=1, rate=1.0)
    return {**state, "TimeoutSeconds": LONGEST_CALL, "Retry": [waits, *state["Retry"]]}


def _checking(steps: str, run: State) -> State:
    state = _step(steps, "check", run, result="$.checked", next_state="Publish")
    return {**state, "TimeoutSeconds": LONGEST_CALL}


def _recording(steps: str, run: State) -> State:
    counts = {"rows.$": "$.published.rows", "keys.$": "$.checked.keys"}
    return _step(steps, "record", {**run, **counts})


def _publishing(publisher: str, run: State) -> State:
    state = _step(publisher, "publish", run, result="$.published", next_state="Record")
    # the same run goes on from where it was stopped
    resumes = _retry(_STOPPED, attempts=5, seconds=1, rate=1.0)
    return {**state, "TimeoutSeconds": LONGEST_CALL, "Retry": [resumes, *state["Retry"]]}


def _step(
    function: str, step: str, given: State, *, result: str = "$", next_state: str | None = None
) -> State:
    return {
        "Type": "Task",
        "Resource": function,
        "Parameters": {"step": step, **given},
        "ResultPath": result,
        "TimeoutSeconds": _BRIEF,
        "Retry": [_retry(_AWS_FAULTS, attempts=6, seconds=2, rate=2.0)],
        **({"Next": next_state} if next_state else {}),
    }


def _retry(errors: tuple[str, ...], *, attempts: int, seconds: int, rate: float) -> State:
    retry: State = {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": rate,
    }
    if rate > 1:
        retry |= {"MaxDelaySeconds": 60, "JitterStrategy": "FULL"}
    return retry


def _caught(state: State) -> State:
    catch = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}
    return {**state, "Catch": [catch]}
