"""Rights on the tables of one Glue database."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.permissions import allow, allow_pattern

_PRINTED: Final = "arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:table/{}/*"

TABLE_WRITER: Final = (
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdateTable",
)
TABLE_MAKER: Final = ("glue:CreateTable", *TABLE_WRITER)


def allow_tables(
    grantee: iam.IGrantable, *, database: str, scope: Construct, actions: Sequence[str]
) -> None:
    """Let ``grantee`` do ``actions`` on every table of ``database``; Glue checks all three ARNs."""
    prefix = Stack.of(scope).format_arn(service="glue", resource="")
    allow(grantee, actions, [f"{prefix}catalog", f"{prefix}database/{database}"])
    allow_pattern(
        grantee,
        actions,
        {f"{prefix}table/{database}/*": _PRINTED.format(database)},
        reason="a feature group's table is made while the platform runs, in this database only",
    )
