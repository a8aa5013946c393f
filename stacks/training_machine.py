"""The state machine of all trainings, in Amazon States Language.

Plan, build the set, train, register, compare, decide, close. Every state that calls has a time
limit. It is tried again where AWS or a store is at fault. What else fails ends the run with its
cause. A training step is not begun again where it failed by itself: the next trigger does that.
"""

from typing import Final

from larder.trainings.runs import LONGEST_JOB
from stacks.pipeline_machine import GLUE_FAULTS, RUN_SPARK, caught, if_true, step
from stacks.states import AWS_FAULTS, LONGEST_CALL, STOPPED, State, retry

INVOKE: Final = "arn:aws:states:::lambda:invoke"
_RUN: Final = "$.plan.run"


def definition(steps: str, comparing: str) -> State:
    """The machine over two functions, by their ARNs; each training names what trains."""
    run = {"run.$": _RUN}
    asked = {"input.$": "$", "owner.$": "$$.Execution.Id"}
    return {
        "Comment": "Larder: models trained on what the platform holds, compared, and approved",
        "StartAt": "Plan",
        "States": {
            "Plan": step(steps, "plan", asked, result="$.plan", next_state="IsTaken"),
            "IsTaken": _choice("$.plan.taken", "Build", "Nothing"),
            "Nothing": {"Type": "Pass", "Result": {"state": "nothing to do"}, "End": True},
            "Build": _long(steps, "build", run, result="$.built", next_state="IsTrained"),
            "IsTrained": {
                "Type": "Choice",
                "Choices": [
                    if_true("$.built.trained", "Register"),
                    if_true("$.built.is_job", "TrainByJob"),
                ],
                "Default": "TrainByFunction",
            },
            "TrainByFunction": caught(_by_function()),
            "TrainByJob": caught(_by_job()),
            **_judging(steps, comparing, run),
            **_failing(steps, run),
        },
    }


def _judging(steps: str, comparing: str, run: State) -> State:
    compared = {**run, "compared.$": "$.compared"}
    return {
        "Register": _long(steps, "register", run, result="$.task", next_state="Compare"),
        "Compare": caught(_comparing(comparing)),
        "Decide": _long(steps, "decide", compared, result="$.decided", next_state="Close"),
        "Close": caught({**step(steps, "close", run), "End": True}),
    }


def _failing(steps: str, run: State) -> State:
    failing = {**run, "error.$": "$.error"}
    return {
        "Failed": step(steps, "fail", failing, result="$.failed", next_state="RunFailed"),
        "RunFailed": {
            "Type": "Fail",
            "ErrorPath": "$.error.Error",
            "CausePath": "$.failed.cause",
        },
    }


def _choice(variable: str, next_state: str, default: str) -> State:
    return {"Type": "Choice", "Choices": [if_true(variable, next_state)], "Default": default}


def _long(steps: str, name: str, given: State, *, result: str, next_state: str) -> State:
    """A step that may take as long as a function may; stopped, it goes on from what it noted."""
    state = step(steps, name, given, result=result, next_state=next_state)
    again = retry(STOPPED, attempts=3, seconds=1, rate=1.0)
    return caught({**state, "TimeoutSeconds": LONGEST_CALL, "Retry": [again, *state["Retry"]]})


def _by_function() -> State:
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName.$": "$.built.name", "Payload.$": "$.built.event"},
        "ResultSelector": {"status.$": "$.StatusCode"},  # what it answers is its own affair
        "ResultPath": "$.trained",
        "TimeoutSeconds": LONGEST_CALL,
        "Retry": [retry(AWS_FAULTS, attempts=3, seconds=2, rate=2.0)],
        "Next": "Register",
    }


def _by_job() -> State:
    return {
        "Type": "Task",
        "Resource": RUN_SPARK,
        "Parameters": {"JobName.$": "$.built.name", "Arguments.$": "$.built.event.arguments"},
        "ResultPath": "$.trained",
        "TimeoutSeconds": LONGEST_JOB // 1_000_000,
        "Retry": [retry(GLUE_FAULTS, attempts=6, seconds=2, rate=2.0)],
        "Next": "Register",
    }


def _comparing(comparing: str) -> State:
    return {
        "Type": "Task",
        "Resource": comparing,
        "Parameters": {"task.$": "$.task"},
        "ResultPath": "$.compared",
        "TimeoutSeconds": LONGEST_CALL,
        "Retry": [
            retry(STOPPED, attempts=1, seconds=1, rate=1.0),
            retry(AWS_FAULTS, attempts=6, seconds=2, rate=2.0),
        ],
        "Next": "Decide",
    }
