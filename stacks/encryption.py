"""The platform's key: the one that encrypts both stores and that a request may name."""

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.config import StageConfig


class EncryptionStack(Stack):
    """One customer-managed key, rotated yearly; identity policies say who may use it."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.key = kms.Key(
            self,
            "Key",
            description=f"Larder {config.name}: feature values, online and offline",
            enable_key_rotation=True,
            removal_policy=config.data_removal_policy,
        )
