"""The state machine of all predictions, in Amazon States Language.

An execution is a run of one instant. A shard that fails ends as a result of its own, with its
error: the gate counts those, and names them. What fails otherwise marks the run.
"""

from typing import Any, Final

from stacks.pipeline_machine import caught, if_true, publishing, step
from stacks.states import AWS_FAULTS, LONGEST_CALL, STOPPED, State, retry

_RUN: Final = "$.claim.run"
SHARDS: Final = "Shards"
MOST_AT_ONCE: Final = 40
"""Shards that are scored at once, of the account's concurrent executions."""


def definition(steps: str, scoring: str, publisher: str, most_at_once: int = MOST_AT_ONCE) -> State:
    """The machine over three functions, by their ARNs."""
    claim = {"plan.$": "$.plan", "owner.$": "$$.Execution.Id"}
    return {
        "Comment": "Larder: runs of predictions, scored in shards and published",
        "StartAt": "Plan",
        "States": {
            "Plan": step(steps, "plan", {"input.$": "$"}, result="$.plan", next_state="IsDue"),
            "IsDue": _choice("$.plan.due", "Claim"),
            "Claim": step(steps, "claim", claim, result="$.claim", next_state="IsClaimed"),
            "IsClaimed": _choice("$.claim.taken", "Pin"),
            "Nothing": {"Type": "Pass", "Result": {"state": "nothing to do"}, "End": True},
            **_of_run(steps, scoring, publisher, most_at_once),
            "RunFailed": {
                "Type": "Fail",
                "ErrorPath": "$.error.Error",
                "CausePath": "$.failed.cause",
            },
        },
    }


def _of_run(steps: str, scoring: str, publisher: str, most_at_once: int) -> State:
    """What becomes of a run that was claimed."""
    run = {"run.$": _RUN}
    again = {**run, "again.$": "$.claim.again"}
    release = step(steps, "release", again, result="$.released", next_state="Publish")
    failed = {**run, "error.$": "$.error"}
    return {
        "Pin": caught(step(steps, "pin", run, result="$.pin", next_state="Read")),
        "Read": caught(_reading(steps, again)),
        "Score": caught(_scoring(scoring, most_at_once)),
        "Check": caught(_long(_check(steps, run))),
        "Release": caught(_long(release)),
        "Publish": caught(publishing(publisher, {"staged.$": "$.released"})),
        "Record": caught({**step(steps, "record", _recorded(run)), "End": True}),
        "Failed": step(steps, "fail", failed, result="$.failed", next_state="RunFailed"),
    }


def _choice(variable: str, next_state: str) -> State:
    return {"Type": "Choice", "Choices": [if_true(variable, next_state)], "Default": "Nothing"}


def _check(steps: str, run: State) -> State:
    given = {**run, "results.$": "$.results"}
    return step(steps, "check", given, result="$.checked", next_state="Release")


def _recorded(run: State) -> State:
    return {**run, "rows.$": "$.published.rows", "failed.$": "$.checked.failed"}


def _scoring(scoring: str, most_at_once: int) -> State:
    """Each shard by itself. Its error is caught in its own execution, so that all are tried."""
    told: dict[str, Any] = {"shard.$": "$.shard", "error.$": "$.error"}
    return {
        "Type": "Map",
        "Label": SHARDS,
        "ItemsPath": "$.read.shards",
        "ItemSelector": {"run.$": _RUN, "shard.$": "$$.Map.Item.Value"},
        "MaxConcurrency": most_at_once,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "ScoreShard",
            "States": {
                "ScoreShard": _scoring_shard(scoring),
                "ShardFailed": {"Type": "Pass", "Parameters": told, "End": True},
            },
        },
        "ResultPath": "$.results",
        "Next": "Check",
    }


def _scoring_shard(scoring: str) -> State:
    failed = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "ShardFailed"}
    return {
        "Type": "Task",
        "Resource": scoring,
        "Parameters": {"run.$": "$.run", "shard.$": "$.shard"},
        "TimeoutSeconds": LONGEST_CALL,
        "Retry": [
            retry((*STOPPED, "ModelError"), attempts=1, seconds=1, rate=1.0),
            retry(AWS_FAULTS, attempts=6, seconds=2, rate=2.0),
        ],
        "Catch": [failed],
        "End": True,
    }


def _long(state: State) -> State:
    return {**state, "TimeoutSeconds": LONGEST_CALL}


def _reading(steps: str, given: State) -> State:
    """A query may take longer than a function: it is waited for again, by its token."""
    state = step(steps, "read", given, result="$.read", next_state="Score")
    waits = retry(("StillRunning", *STOPPED), attempts=20, seconds=1, rate=1.0)
    return {**_long(state), "Retry": [waits, *state["Retry"]]}
