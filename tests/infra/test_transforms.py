"""The state machine of transform jobs, as the templates have it."""

import json

import pytest

from stacks.states import LONGEST_CALL
from tests.infra.templates import text_of


@pytest.fixture(params=["dev", "prod"])
def machine(templates, request):
    (found,) = (
        resource["Properties"]
        for stack, _, resource in templates.of_type(
            "AWS::StepFunctions::StateMachine", request.param
        )
        if stack.endswith("/Transforms")
    )
    return json.loads(text_of(found["DefinitionString"]))


def tasks(states):
    """All tasks, those of maps' children too."""
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state
        elif state["Type"] == "Map":
            yield from tasks(state["ItemProcessor"]["States"])


def test_every_task_is_bounded_and_repeated_where_it_is_not_at_fault(machine):
    found = dict(tasks(machine["States"]))
    assert set(found) == {"Plan", "ScoreTask", "JoinObject", "Close", "GiveUp"}
    for name, task in found.items():
        assert 0 < task["TimeoutSeconds"] <= LONGEST_CALL, name
        errors = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
        assert {"States.Timeout", "Lambda.Unknown", "ServiceUnavailable"} <= errors, name
    assert "broken.$" in found["GiveUp"]["Parameters"]


def test_a_state_that_fails_leads_to_the_one_that_fails_the_job(machine):
    states = machine["States"]
    caught = {
        name: state["Catch"] for name, state in states.items() if state["Type"] in ("Task", "Map")
    }
    for name, (catch,) in caught.items():
        following = "Failed" if name == "GiveUp" else "GiveUp"
        expected = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": following}
        assert catch == expected, name
    assert states["GiveUp"]["Next"] == "Failed"
    assert states["Failed"]["Type"] == "Fail"


def test_maps_are_distributed_and_drop_no_part_of_the_machines_input(machine):
    maps = {name: s for name, s in machine["States"].items() if s["Type"] == "Map"}
    assert set(maps) == {"Score", "Join"}
    for each in maps.values():
        assert each["ItemProcessor"]["ProcessorConfig"] == {
            "Mode": "DISTRIBUTED",
            "ExecutionType": "STANDARD",
        }
        assert each["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
        assert each["ResultPath"].startswith("$.")
    assert maps["Score"]["MaxConcurrencyPath"] == "$.plan.concurrency"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_machine_may_begin_its_own_children_and_read_their_tasks(templates, stage):
    policies = [
        resource["Properties"]["PolicyDocument"]["Statement"]
        for stack, name, resource in templates.of_type("AWS::IAM::Policy", stage)
        if stack.endswith("/Transforms") and name.startswith(("MachineRole", "MapChildren"))
    ]
    allowed = {
        action
        for statements in policies
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert allowed == {
        "kms:Decrypt",
        "lambda:InvokeFunction",
        "s3:GetObject",
        "states:DescribeExecution",
        "states:StartExecution",
        "states:StopExecution",
    }
