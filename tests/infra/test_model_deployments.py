"""The state machine that moves endpoints' traffic, as the templates have it."""

import json

import pytest

from larder.models.deployment import LEASE, SECOND, Deployment
from larder.models.traffic_plan import LONGEST, TrafficPlan
from tests.infra.templates import text_of

STAGES = ["dev", "prod"]
EVENTS = {"Task": 5, "Choice": 2, "Wait": 2}
"""Events of an execution's history for each visit of a state."""


@pytest.fixture(params=STAGES)
def machine(templates, request):
    (found,) = (
        resource["Properties"]
        for stack, _, resource in templates.of_type(
            "AWS::StepFunctions::StateMachine", request.param
        )
        if stack.endswith("/Models")
    )
    return found | {"Definition": json.loads(text_of(found["DefinitionString"]))}


def states(machine, kind):
    found = machine["Definition"]["States"].items()
    return {name: state for name, state in found if state["Type"] == kind}


def test_every_task_is_bounded_repeated_and_caught(machine):
    tasks = states(machine, "Task")
    assert set(tasks) == {"Step", "GiveUp"}
    for name, task in tasks.items():
        assert 0 < task["TimeoutSeconds"] < LEASE, name
        (retry,) = task["Retry"]
        assert retry["ErrorEquals"] == ["States.ALL"]
        longest = sum(min(2 * 2**n, retry["MaxDelaySeconds"]) for n in range(retry["MaxAttempts"]))
        assert longest + (retry["MaxAttempts"] + 1) * task["TimeoutSeconds"] <= LEASE + 30, name
        (catch,) = task["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"]
        assert catch["Next"] in ("GiveUp", "Failed"), name
    assert "Broken" in tasks["GiveUp"]["Parameters"]
    assert "Broken" not in tasks["Step"]["Parameters"]


def test_every_state_leads_on_and_the_ends_are_two(machine):
    definition = machine["Definition"]
    for name, state in definition["States"].items():
        following = {state.get("Next"), state.get("Default")}
        following |= {each["Next"] for each in state.get("Choices", ())}
        assert following - {None} <= definition["States"].keys(), name
        assert (state["Type"] in ("Succeed", "Fail")) is not bool(following - {None}), name
    assert set(states(machine, "Succeed")) == {"Over"}
    assert set(states(machine, "Fail")) == {"Failed"}
    waits = {state["SecondsPath"] for state in states(machine, "Wait").values()}
    assert waits == {"$.Next.Seconds"}


def test_the_longest_update_has_room_in_time_and_in_an_executions_history(machine):
    assert machine["Definition"]["TimeoutSeconds"] > LONGEST + 2 * LEASE
    plan = TrafficPlan(shares=(0.5, 1.0), wait=LONGEST // 2, alarms=("a",))
    bake = Deployment(uid="u", plan=plan, started=0, due=LONGEST * SECOND)
    looks = LONGEST / bake.pause(0)
    assert looks * sum(EVENTS.values()) < 25_000


@pytest.mark.parametrize("stage", STAGES)
def test_an_execution_that_fails_rings(templates, stage):
    alarms = [
        resource["Properties"]
        for _, _, resource in templates.of_type("AWS::CloudWatch::Alarm", stage)
        if resource["Properties"].get("Namespace") == "AWS/States"
    ]
    failed = [each for each in alarms if each["MetricName"] == "ExecutionsFailed"]
    watched = {
        json.dumps(dimension["Value"]) for each in failed for dimension in each["Dimensions"]
    }
    machines = "those of Models, Pipelines, Predictions and Transforms; nothing is trained"
    assert len(failed) == len(watched) == 4, machines
    assert {each["Threshold"] for each in failed} == {1}
