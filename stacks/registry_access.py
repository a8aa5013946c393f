"""Rights on the registry table, in the widths that the functions need."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam

from stacks.constructs.permissions import allow_items
from stacks.online_store import GROUPS_INDEX, OnlineStoreStack

REGISTRY_READER: Final = ("dynamodb:GetItem",)
REGISTRY_LISTER: Final = ("dynamodb:GetItem", "dynamodb:Query")
REGISTRY_NOTER: Final = ("dynamodb:GetItem", "dynamodb:PutItem")
REGISTRY_LEASER: Final = ("dynamodb:BatchGetItem", "dynamodb:UpdateItem")
"""What the writers of offline tables need to take turns (``larder.offline.turns``)."""

# A transaction needs the rights of its parts; there is no action named TransactWriteItems.
REGISTRY_WRITER: Final = (
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)


def allow_registry(
    grantee: iam.IGrantable, online: OnlineStoreStack, actions: Sequence[str]
) -> None:
    """Let ``grantee`` do ``actions`` on the registry, and query its index if it may query."""
    index = f"{online.registry.table_arn}/index/{GROUPS_INDEX}"
    queried = [index] if "dynamodb:Query" in actions else []
    allow_items(grantee, actions, [online.registry.table_arn, *queried], online.key)
