"""The in-memory tier's cache: ElastiCache Serverless for Valkey, entered by IAM alone."""

from typing import Final

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from larder.settings.memory import MemorySettings
from stacks.choices import InMemoryTier
from stacks.config import StageConfig
from stacks.constructs.permissions import allow
from stacks.memory.network import NetworkStack

_ENGINE: Final = "valkey"
# The client's commands and those of the compare-and-set script, which Valkey checks too, on the
# keys of records. No key can be listed, and nothing administered.
_COMMANDS: Final = (
    "asking",
    "auth",
    "cluster|slots",
    "del",
    "evalsha",
    "get",
    "getrange",
    "script|load",
    "set",
    "time",
)
_KEYS: Final = "~r:*"


class MemoryStoreStack(Stack):
    """A copy of records that are safe in DynamoDB: no snapshot is taken and none is kept.

    Cache, user and user group have physical names. ElastiCache takes no others, and the tokens of
    its IAM authentication are signed for them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        tier: InMemoryTier,
        network: NetworkStack,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self._name = f"larder-{config.name}"
        self._epoch = config.data.restored.epoch
        self.tier = tier
        self.access = network.access
        self._user = elasticache.CfnUser(
            self,
            "User",
            engine=_ENGINE,
            user_id=self._name,
            user_name=self._name,  # equal to the id, or IAM may not authenticate it
            authentication_mode={"Type": "iam"},
            access_string=" ".join(["on", _KEYS, "-@all", *(f"+{each}" for each in _COMMANDS)]),
        )
        # ElastiCache wants a user "default" in Redis's user groups, but not in Valkey's.
        group = elasticache.CfnUserGroup(
            self, "Users", engine=_ENGINE, user_group_id=self._name, user_ids=[self._user.ref]
        )
        self.cache = self._cache(network, key, group)
        CfnOutput(self, "CacheName", value=self.cache.ref)
        CfnOutput(self, "CacheAddress", value=self.cache.attr_endpoint_address)
        CfnOutput(self, "CachePort", value=self.cache.attr_endpoint_port)

    def settings(self) -> MemorySettings:
        """Where a function finds the cache and as whom it enters."""
        endpoint = f"{self.cache.attr_endpoint_address}:{self.cache.attr_endpoint_port}"
        return MemorySettings(
            valkey_address=endpoint,
            valkey_tls=int(self.tier.tls),
            valkey_user=self._name,
            valkey_cache=self._name,
            valkey_epoch=self._epoch,
        )

    def allow_connect(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` enter this cache as its one user; IAM wants both named."""
        allow(grantee, ["elasticache:Connect"], [self.cache.attr_arn, self._user.attr_arn])

    def _cache(
        self, network: NetworkStack, key: kms.IKey, group: elasticache.CfnUserGroup
    ) -> elasticache.CfnServerlessCache:
        limits = elasticache.CfnServerlessCache
        return elasticache.CfnServerlessCache(
            self,
            "Cache",
            engine=_ENGINE,
            major_engine_version="8",
            serverless_cache_name=self._name,
            description="Records of feature groups of the storage type InMemory",
            kms_key_id=key.key_arn,
            user_group_id=group.ref,
            subnet_ids=network.vpc.select_subnets(
                subnet_type=network.access.subnets.subnet_type
            ).subnet_ids,
            security_group_ids=[network.cache_group.security_group_id],
            cache_usage_limits=limits.CacheUsageLimitsProperty(
                data_storage=limits.DataStorageProperty(
                    unit="GB", maximum=self.tier.max_storage_gb
                ),
                ecpu_per_second=limits.ECPUPerSecondProperty(maximum=self.tier.max_ecpu_per_second),
            ),
        )


def memory_settings(memory: MemoryStoreStack | None) -> MemorySettings:
    """The settings of the tier; of a stage without it, those of its absence."""
    return MemorySettings() if memory is None else memory.settings()
