"""The state machine of transform jobs, in Amazon States Language.

Plan cuts the input into tasks and writes them down. A distributed map scores them, and a second one
joins the outputs of objects that were cut. Close sets the job's status by what became of the
pieces. Bad input fails no state: it is noted, and the other objects go on.
"""

from typing import Final

from stacks.states import AWS_FAULTS, LONGEST_CALL, STOPPED, State, retry

_JOINS: Final = 10
"""Objects that are joined at a time."""
_SCORE, _JOIN = "Score", "Join"
LABELS: Final = (_SCORE, _JOIN)
"""Of the distributed maps, by which their executions are named."""
_JOB: Final = {"job.$": "$.job", "uid.$": "$.uid"}


def definition(function: str) -> State:
    """The machine over the function of that ARN."""
    return {
        "Comment": "Larder: transform jobs, planned, scored and joined",
        "StartAt": "Plan",
        "States": {
            "Plan": _caught(_step(function, "plan", _JOB, result="$.plan", next_state="Score")),
            "Score": _caught(
                {
                    **_map(_score(function), "tasks", {"task.$": "$$.Map.Item.Value"}),
                    "Label": _SCORE,
                    "MaxConcurrencyPath": "$.plan.concurrency",
                    "Next": "Join",
                }
            ),
            "Join": _caught(
                {
                    **_map(_join(function), "joins", {"first.$": "$$.Map.Item.Value"}),
                    "Label": _JOIN,
                    "MaxConcurrency": _JOINS,
                    "Next": "Close",
                }
            ),
            "Close": _caught({**_step(function, "close", _JOB), "End": True}),
            **_giving_up(function),
        },
    }


def _giving_up(function: str) -> State:
    given = {**_JOB, "broken.$": "$.error.Error"}
    return {
        "GiveUp": _caught(_step(function, "close", given, next_state="Failed"), "Failed"),
        "Failed": {
            "Type": "Fail",
            "Error": "JobFailed",
            "Cause": "A state gave up: the log of the function transforms says why.",
        },
    }


def _map(processor: State, manifest: str, given: State) -> State:
    """A distributed map over the items of a manifest that Plan wrote.

    A child answers with an empty object: all answers together are the map's own, of 256 KB at most.
    """
    place = {"Bucket.$": "$.plan.bucket", "Key.$": f"$.plan.{manifest}"}
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": place,
        },
        "ItemSelector": {**_JOB, **given},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **processor,
        },
        "ResultPath": f"$.after_{manifest}",
    }


def _score(function: str) -> State:
    given = {**_JOB, "task.$": "$.task"}
    return {
        "StartAt": "ScoreTask",
        "States": {"ScoreTask": {**_step(function, "score", given), "End": True}},
    }


def _join(function: str) -> State:
    given = {**_JOB, "first.$": "$.first"}
    return {
        "StartAt": "JoinObject",
        "States": {"JoinObject": {**_step(function, "join", given), "End": True}},
    }


def _step(
    function: str, step: str, given: State, *, result: str = "$", next_state: str | None = None
) -> State:
    return {
        "Type": "Task",
        "Resource": function,
        "Parameters": {"step": step, **given},
        "ResultPath": result,
        "TimeoutSeconds": LONGEST_CALL,
        "Retry": [
            # what was finished before is not done again
            retry(STOPPED, attempts=3, seconds=1, rate=1.0),
            retry(AWS_FAULTS, attempts=8, seconds=2, rate=2.0),
        ],
        **({"Next": next_state} if next_state else {}),
    }


def _caught(state: State, then: str = "GiveUp") -> State:
    catch = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": then}
    return {**state, "Catch": [catch]}
