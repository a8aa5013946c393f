"""What updates of endpoints ask of CloudWatch and Step Functions: in memory, and of moto."""

import json

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from larder.aws.state_machine import StateMachine
from larder.errors import AccessForbidden, ServiceUnavailable, ThrottlingException
from larder.models.adapters.cloudwatch_alarms import CloudWatchAlarms
from larder.models.adapters.step_functions import StepFunctionsMachine
from larder.models.deploy import alarm_trouble
from tests.support.model_registry import Alarms, Machine

METRIC = {
    "Namespace": "Larder",
    "MetricName": "Invocation5XXErrors",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.1,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture(params=["memory", "cloudwatch"])
def alarms(request):
    """The port, and what sets an alarm's state."""
    if request.param == "memory":
        known = Alarms()
        yield known, known.by_name.__setitem__
        return
    with mock_aws():
        client = boto3.client("cloudwatch")

        def set_state(name, state):
            client.put_metric_alarm(AlarmName=name, **METRIC)
            client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

        yield CloudWatchAlarms(client), set_state


def test_states_are_of_the_alarms_that_exist(alarms):
    port, set_state = alarms
    for name, state in (("a", "OK"), ("b", "ALARM"), ("c", "INSUFFICIENT_DATA"), ("d", "ALARM")):
        set_state(name, state)
    assert port.states(["a", "b", "c", "none"]) == {
        "a": "OK",
        "b": "ALARM",
        "c": "INSUFFICIENT_DATA",
    }
    assert port.states(["none"]) == {}


@pytest.mark.parametrize(
    ("states", "trouble"),
    [
        ({"a": "OK", "b": "INSUFFICIENT_DATA"}, ""),
        ({"a": "OK", "b": "ALARM"}, "'b' is in state ALARM"),
        ({"a": "OK"}, "'b' does not exist"),
    ],
    ids=["well", "ringing", "absent"],
)
def test_an_alarm_is_trouble_where_it_rings_or_is_gone(alarms, states, trouble):
    port, set_state = alarms
    for name, state in states.items():
        set_state(name, state)
    said = alarm_trouble(("a", "b"), port)
    assert trouble in said
    assert bool(said) is bool(trouble)


def test_composite_alarms_are_asked_for_and_read():
    client = boto3.client("cloudwatch")
    with Stubber(client) as stub:
        asked = {"AlarmNames": ["a"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        answer = {"CompositeAlarms": [{"AlarmName": "a", "StateValue": "ALARM"}]}
        stub.add_response("describe_alarms", answer, asked)
        assert CloudWatchAlarms(client).states(["a"]) == {"a": "ALARM"}


REFUSALS = {
    "AccessDeniedException": AccessForbidden,
    "ThrottlingException": ThrottlingException,
    "InternalFailure": ServiceUnavailable,
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_the_error_that_its_caller_can_act_on(code):
    alarms, machines = boto3.client("cloudwatch"), boto3.client("stepfunctions")
    with Stubber(alarms) as stub, Stubber(machines) as other:
        stub.add_client_error("describe_alarms", code)
        other.add_client_error("start_execution", code)
        with pytest.raises(REFUSALS[code], match="cloudwatch:DescribeAlarms"):
            CloudWatchAlarms(alarms).states(["a"])
        with pytest.raises(REFUSALS[code], match="states:StartExecution"):
            StepFunctionsMachine(StateMachine(machines, "arn:aws:states:::m")).start(
                "scoring", "u1"
            )


@pytest.fixture(params=["memory", "step functions"])
def machine(request):
    """The port, and what names the updates that were begun."""
    if request.param == "memory":
        known = Machine()
        yield known, lambda: sorted(set(known.begun))
        return
    with mock_aws():
        client = boto3.client("stepfunctions")
        arn = client.create_state_machine(
            name="deployments",
            definition=json.dumps({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )["stateMachineArn"]

        def begun():
            executions = client.list_executions(stateMachineArn=arn)["executions"]
            inputs = [
                json.loads(client.describe_execution(executionArn=each["executionArn"])["input"])
                for each in executions
            ]
            return sorted((each["EndpointName"], each["Deployment"]) for each in inputs)

        yield StepFunctionsMachine(StateMachine(client, arn)), begun


def test_an_update_is_begun_once_however_often_it_is_asked_for(machine):
    port, begun = machine
    for uid in ("u1", "u2", "u1"):
        port.start("Scoring", uid)
    assert begun() == [("Scoring", "u1"), ("Scoring", "u2")]
