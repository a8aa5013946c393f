"""Updates of endpoints that move traffic by steps: a function, and the machine that waits for it.

One machine serves all endpoints; an execution is one update. Its state is in the registry, so that
anything may take a step, and none is lost with the execution.
"""

import json
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from larder.settings.model_deployment import ModelDeploymentSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import LEAN, DependencyLayer
from stacks.constructs.permissions import acknowledge, allow, allow_pattern
from stacks.constructs.python_function import Program, PythonFunction
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_NOTER, allow_registry

_STEP_TIME: Final = Duration.seconds(30)
# 8 hours is the longest update that a request may ask for; rolling back takes minutes.
_LONGEST: Final = Duration.hours(9)
_LOGGED: Final = "the machine only waits and asks again; the function logs each step"
_RETRY: Final = [
    {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "BackoffRate": 2.0,
        "MaxAttempts": 5,
        "MaxDelaySeconds": 30,
    }
]


class ModelDeployments(Construct):
    """``machine`` is begun by UpdateEndpoint. Its role may invoke one function, and no more."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, online: OnlineStoreStack
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = self._function(config, online)
        role = iam.Role(
            self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com")
        )
        allow(role, ["lambda:InvokeFunction"], [self.function.function_arn])
        self.machine = sfn.CfnStateMachine(
            self,
            "Machine",
            role_arn=role.role_arn,
            definition_string=json.dumps(_definition(self.function.function_arn)),
        )
        self.machine.node.add_dependency(role)
        for rule in ("AwsSolutions-SF1", "AwsSolutions-SF2"):
            acknowledge(self.machine, rule, _LOGGED)

    def _function(self, config: StageConfig, online: OnlineStoreStack) -> PythonFunction:
        function = PythonFunction(
            self,
            "Step",
            config=config,
            program=Program(
                name="model_deployment",
                settings=ModelDeploymentSettings(registry_table=online.registry.table_name),
                memory_mb=config.serving.control_memory_mb,
                timeout=_STEP_TIME,
            ),
            layer=DependencyLayer(self, "Lean", recipe=LEAN, target=config.target),
        )
        allow_registry(function, online, REGISTRY_NOTER)
        allow_alarms(function)
        return function


def allow_alarms(function: PythonFunction) -> None:
    """Read the state of alarms, which people name in their requests.

    Of composite alarms CloudWatch tells nothing to a right on narrower resources (API reference,
    "DescribeAlarms").
    """
    allow_pattern(
        function,
        ["cloudwatch:DescribeAlarms"],
        {"*": "*"},
        reason="composite alarms are described to a right on all alarms alone, and it only reads",
    )


def _definition(function_arn: str) -> dict[str, Any]:
    """Step, wait, step, until the update is over; where a step keeps failing, back to blue.

    An execution that had to give up fails, so that its alarm goes off.
    """
    given = {"EndpointName.$": "$.EndpointName", "Deployment.$": "$.Deployment"}
    broken = "The update's steps failed: the log of the function model_deployment says why."
    return {
        "Comment": "Larder: moves the traffic of one endpoint from blue to green",
        "TimeoutSeconds": int(_LONGEST.to_seconds()),
        "StartAt": "Step",
        "States": {
            "Step": _task(function_arn, given, after="Moved", broken="GiveUp"),
            **_loop("Moved", "Wait", task="Step", end="Over"),
            "Over": {"Type": "Succeed"},
            "GiveUp": _task(
                function_arn, {**given, "Broken": broken}, after="GivenUp", broken="Failed"
            ),
            **_loop("GivenUp", "WaitBack", task="GiveUp", end="Failed"),
            "Failed": {"Type": "Fail", "Error": "StepsFailed", "Cause": broken},
        },
    }


def _task(function_arn: str, given: dict[str, str], *, after: str, broken: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": function_arn,
        "Parameters": given,
        "TimeoutSeconds": int(_STEP_TIME.to_seconds()) + 5,
        "ResultPath": "$.Next",
        "Retry": _RETRY,
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.Error", "Next": broken}],
        "Next": after,
    }


def _loop(choice: str, wait: str, *, task: str, end: str) -> dict[str, Any]:
    return {
        choice: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.Next.Over", "BooleanEquals": True, "Next": end}],
            "Default": wait,
        },
        wait: {"Type": "Wait", "SecondsPath": "$.Next.Seconds", "Next": task},
    }
