"""The state machine of all pipelines, in Amazon States Language.

Every state that calls a function has a time limit. It is tried again where AWS or a store is at
fault. What else fails inside a chunk marks its interval, and the other chunks go on. An error in
``Plan`` or ``Close`` has no interval to mark: it fails the execution, whose cause it is.
"""

from dataclasses import dataclass
from typing import Final

from stacks.states import AWS_FAULTS, LONGEST_CALL, STOPPED, State, retry

_BRIEF: Final = 120
GLUE_FAULTS: Final = (
    "Glue.ConcurrentRunsExceededException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.ResourceNumberLimitExceededException",
    "Glue.ThrottlingException",
)
RUN_SPARK: Final = "arn:aws:states:::glue:startJobRun.sync"
_RUN: Final = "$.claim.run"


@dataclass(frozen=True, slots=True)
class Spark:
    """A stage's Spark job by its name, and for how many seconds it is waited."""

    job: str
    seconds: int


def definition(steps: str, publisher: str, spark: Spark | None = None) -> State:
    """The machine over two functions, by their ARNs, and over a Spark job where there is one."""
    return {
        "Comment": "Larder: intervals of feature pipelines, computed and published",
        "StartAt": "Plan",
        "States": {
            "Plan": {
                **step(steps, "plan", {"input.$": "$"}, next_state="Chunks"),
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
                    "States": _of_chunk(steps, publisher, spark),
                },
                "ResultPath": "$.results",
                "Next": "Close",
            },
            "Close": {**step(steps, "close", {"results.$": "$.results"}), "End": True},
        },
    }


def _of_chunk(steps: str, publisher: str, spark: Spark | None) -> State:
    run = {"run.$": _RUN}
    may_use_spark = [if_true("$.claim.may_use_spark", "Prepare")] if spark else []
    claim = {"chunk.$": "$", "owner.$": "$$.Execution.Id"}
    return {
        "Claim": caught(step(steps, "claim", claim, result="$.claim", next_state="IsClaimed")),
        "IsClaimed": {
            "Type": "Choice",
            "Choices": [
                if_true("$.claim.accepts", "Accept"),
                *may_use_spark,
                if_true("$.claim.taken", "Compute"),
            ],
            "Default": "Taken",
        },
        "Taken": {"Type": "Pass", "Result": {"state": "taken"}, "End": True},
        **(_of_spark(steps, run, spark) if spark else {}),
        "Compute": caught(_computing(steps, run)),
        "Check": caught(_checking(steps, run)),
        # rows that a person accepted, or of which some are published: the rest is, as they lie
        "Accept": caught(step(steps, "accept", run, result="$.checked", next_state="Publish")),
        "Publish": caught(publishing(publisher, run)),
        "Record": caught({**_recording(steps, run), "End": True}),
        "Failed": {**step(steps, "fail", {"chunk.$": "$"}), "End": True},
    }


def _of_spark(steps: str, run: State, spark: Spark) -> State:
    """What computes an interval is chosen, and Spark's job is run and waited for.

    A job that failed is not run again here: the next look does that, as after any failure.
    """
    prepare = step(steps, "prepare", run, result="$.prepared", next_state="IsSpark")
    return {
        "Prepare": caught(prepare),
        "IsSpark": {
            "Type": "Choice",
            "Choices": [if_true("$.prepared.spark", "Spark")],
            "Default": "Compute",
        },
        "Spark": caught(
            {
                "Type": "Task",
                "Resource": RUN_SPARK,
                "Parameters": {"JobName": spark.job, "Arguments.$": "$.prepared.arguments"},
                "ResultPath": "$.computed",
                "TimeoutSeconds": spark.seconds,
                "Retry": [retry(GLUE_FAULTS, attempts=6, seconds=2, rate=2.0)],
                "Next": "Check",
            }
        ),
    }


def if_true(variable: str, next_state: str) -> State:
    """A choice of the next state."""
    return {"Variable": variable, "BooleanEquals": True, "Next": next_state}


def _computing(steps: str, run: State) -> State:
    state = step(steps, "compute", run, result="$.computed", next_state="Check")
    # a query may take longer than a function: it is waited for again, by its token
    waits = retry(("StillRunning", *STOPPED), attempts=20, seconds=1, rate=1.0)
    return {**state, "TimeoutSeconds": LONGEST_CALL, "Retry": [waits, *state["Retry"]]}


def _checking(steps: str, run: State) -> State:
    state = step(steps, "check", run, result="$.checked", next_state="Publish")
    return {**state, "TimeoutSeconds": LONGEST_CALL}


def _recording(steps: str, run: State) -> State:
    counts = {"rows.$": "$.published.rows", "keys.$": "$.checked.keys"}
    return step(steps, "record", {**run, **counts})


def publishing(publisher: str, run: State) -> State:
    """A call of the publisher, which goes on where it was stopped."""
    state = step(publisher, "publish", run, result="$.published", next_state="Record")
    # the same run goes on from where it was stopped
    resumes = retry(STOPPED, attempts=5, seconds=1, rate=1.0)
    return {**state, "TimeoutSeconds": LONGEST_CALL, "Retry": [resumes, *state["Retry"]]}


def step(
    function: str, name: str, given: State, *, result: str = "$", next_state: str | None = None
) -> State:
    """A call of a function's step, tried again where AWS or a store is at fault."""
    return {
        "Type": "Task",
        "Resource": function,
        "Parameters": {"step": name, **given},
        "ResultPath": result,
        "TimeoutSeconds": _BRIEF,
        "Retry": [retry(AWS_FAULTS, attempts=6, seconds=2, rate=2.0)],
        **({"Next": next_state} if next_state else {}),
    }


def caught(state: State) -> State:
    """The same, going on to ``Failed`` with the error where it is not tried again."""
    catch = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}
    return {**state, "Catch": [catch]}
