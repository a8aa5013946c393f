"""State machines whose steps are functions, and maps that begin executions of their own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

from stacks.constructs.permissions import acknowledge, allow
from stacks.constructs.python_function import PythonFunction

_NOT_LOGGED: Final = ("AwsSolutions-SF1", "AwsSolutions-SF2")
_CHILD: Final = "Step Functions names the executions of a map"


def machine_role(stack: Stack, functions: Iterable[PythonFunction]) -> iam.Role:
    """The role of a stack's machine, which may invoke these functions."""
    service = iam.ServicePrincipal("states.amazonaws.com")
    role = iam.Role(stack, "MachineRole", assumed_by=service)
    allow(role, ["lambda:InvokeFunction"], [each.function_arn for each in functions])
    return role


def steps_machine(
    stack: Stack,
    role: iam.Role,
    definition: Mapping[str, Any],
    *,
    timeout: Duration,
    logged: str,
) -> sfn.StateMachine:
    """The machine of a stack, whose executions end after ``timeout``.

    Its steps write the log, and no trace is kept: ``logged`` says where causes are to be found.
    """
    body = sfn.DefinitionBody.from_string(stack.to_json_string(definition))
    machine = sfn.StateMachine(stack, "Machine", definition_body=body, role=role, timeout=timeout)
    for rule in _NOT_LOGGED:
        acknowledge(machine, rule, logged)
    return machine


def allow_children(machine: sfn.StateMachine, labels: Sequence[str]) -> None:
    """Let a machine begin the executions of its distributed maps, which have these labels.

    In a policy of its own: that of the role is there before the machine, and can't name it.
    Source: AWS, "Create state machines with IAM permissions for Distributed Map state".
    """
    stack = Stack.of(machine)
    children = [
        stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}/{label}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for label in labels
    ]
    policy = iam.Policy(stack, "MapChildren", roles=[machine.role])
    for actions, resources in (
        (["states:StartExecution"], [machine.state_machine_arn]),
        (["states:DescribeExecution", "states:StopExecution"], children),
    ):
        policy.add_statements(iam.PolicyStatement(actions=actions, resources=resources))
    name = stack.get_logical_id(cast("sfn.CfnStateMachine", machine.node.default_child))
    place = f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<{name}.Name>"
    for label in labels:
        acknowledge(policy, f"AwsSolutions-IAM5[Resource::{place}/{label}:*]", _CHILD)
