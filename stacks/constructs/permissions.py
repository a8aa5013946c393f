"""Exact actions on exact resources: the grants that the CDK's own would make too wide."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import IConstruct

_READ_TABLE_KEY: Final = ("kms:Decrypt", "kms:DescribeKey")
_WRITE_TABLE_KEY: Final = (*_READ_TABLE_KEY, "kms:Encrypt", "kms:GenerateDataKey")
_ITEM_READS: Final = frozenset(
    {
        "dynamodb:BatchGetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DescribeStream",
        "dynamodb:GetItem",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:Query",
    }
)
_ITEM_WRITES: Final = frozenset(
    {
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    }
)
# S3 user guide, "Protecting data with SSE-KMS": a multipart upload also reads its own parts.
_OBJECT_KEY: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:AbortMultipartUpload": ("kms:Decrypt", "kms:GenerateDataKey"),
    "s3:DeleteObject": (),
    "s3:DeleteObjectVersion": (),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
}


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


def allow_items(
    grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str], key: kms.IKey
) -> None:
    """Let ``grantee`` do ``actions`` on tables or streams under ``key``, and use the key for them.

    A reader may decrypt and nothing else. A writer may also make and encrypt data keys. No one may
    re-encrypt: DynamoDB does that where a table moves to another key (developer guide, "DynamoDB
    encryption at rest: usage notes").

    Raises:
        ValueError: it is not known what right on the key an action needs.
    """
    if unknown := set(actions) - _ITEM_READS - _ITEM_WRITES:
        raise ValueError(f"{sorted(unknown)}: say in {__name__} whether they read or write items")
    allow(grantee, actions, resources)
    writes = not _ITEM_WRITES.isdisjoint(actions)
    _allow_key_through("dynamodb", grantee, key, _WRITE_TABLE_KEY if writes else _READ_TABLE_KEY)


def allow_objects(
    grantee: iam.IGrantable,
    actions: Sequence[str],
    patterns: Mapping[str, str],
    key: kms.IKey,
    *,
    reason: str,
) -> None:
    """``allow_pattern`` on objects under ``key``, with the rights on the key that they need.

    Raises:
        KeyError: it is not known what right on the key an action needs.
    """
    allow_pattern(grantee, actions, patterns, reason=reason)
    needed = sorted({each for action in actions for each in _OBJECT_KEY[action]})
    if needed:
        _allow_key_through("s3", grantee, key, needed)


def allow_topic(grantee: iam.IGrantable, topic: sns.ITopic) -> None:
    """Let ``grantee`` send messages to ``topic``, and use its key for them."""
    allow(grantee, ["sns:Publish"], [topic.topic_arn])
    if topic.master_key is not None:
        actions = ("kms:Decrypt", "kms:GenerateDataKey")
        _allow_key_through("sns", grantee, topic.master_key, actions)


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
