"""A Lambda function's place in the VPC, and the rights that Lambda needs to put it there."""

from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from stacks.constructs.permissions import acknowledge, allow

# What Lambda asks of the role of a function in a VPC. Source: developer guide, "Giving Lambda
# functions access to resources in an Amazon VPC". The managed policy has these and rights on
# every log.
_INTERFACE_ACTIONS: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


@dataclass(frozen=True, kw_only=True)
class VpcAccess:
    """The isolated subnets of ``vpc``, as a member of ``security_group``."""

    vpc: ec2.IVpc
    security_group: ec2.ISecurityGroup

    @property
    def subnets(self) -> ec2.SubnetSelection:
        """Where the network interfaces are."""
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)


def allow_network_interfaces(role: iam.Role) -> None:
    """Let Lambda keep network interfaces by ``role``, but not the code that runs under it.

    A call of Lambda's own carries no source function; a call of the function's code does.
    """
    allow(role, _INTERFACE_ACTIONS, ["*"])
    acknowledge(
        role,
        "AwsSolutions-IAM5[Resource::*]",
        "Lambda names no interface before it makes one, describing takes no resource, and the "
        "function's own code is denied all of it",
    )
    role.add_to_principal_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(_INTERFACE_ACTIONS),
            resources=["*"],
            conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
        )
    )
