"""Exact actions on exact resources: the grants that the CDK's own would make too wide."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct

# DynamoDB asks these of a principal that reads and writes a table under a customer's key;
# the developer guide writes ReEncrypt* and GenerateDataKey*, these are their members.
_TABLE_KEY_ACTIONS: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_OBJECT_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


def allow(grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Let ``grantee`` do ``actions`` on ``resources``, and nothing that they imply."""
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources))
    )


def allow_pattern(
    grantee: iam.IGrantable,
    actions: Sequence[str],
    patterns: Mapping[str, str],
    *,
    reason: str,
) -> None:
    """Let ``grantee`` do ``actions`` on every resource of ``patterns``, which have a ``*``.

    ``patterns`` maps each ARN to the text that cdk-nag prints for it: a finding is accepted for
    that very text on that very role, so a wildcard without a reason fails synth.
    """
    allow(grantee, actions, list(patterns))
    role = cast("iam.Role", grantee.grant_principal)
    for printed in patterns.values():
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{printed}]", reason)


def allow_table_key(grantee: iam.IGrantable, key: kms.IKey) -> None:
    """Let ``grantee`` use ``key`` through DynamoDB: tables and their streams."""
    _allow_key_through("dynamodb", grantee, key, _TABLE_KEY_ACTIONS)


def allow_object_key(grantee: iam.IGrantable, key: kms.IKey) -> None:
    """Let ``grantee`` use ``key`` through S3."""
    _allow_key_through("s3", grantee, key, _OBJECT_KEY_ACTIONS)


def _allow_key_through(
    service: str, grantee: iam.IGrantable, key: kms.IKey, actions: Sequence[str]
) -> None:
    stack = Stack.of(cast("iam.Role", grantee.grant_principal))
    via = {"kms:ViaService": f"{service}.{stack.region}.{stack.url_suffix}"}
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(
            actions=list(actions),
            resources=[key.key_arn],
            conditions={"StringEquals": via},
        )
    )


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept the finding ``rule`` on ``construct`` alone, for a reason a stranger can judge."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
