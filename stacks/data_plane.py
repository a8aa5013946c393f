"""The settings of functions that read records: the data plane's own, and those that build on it."""

from aws_cdk import Stack

from larder.settings.runtime import RuntimeSettings
from stacks.config import StageConfig
from stacks.memory.store import MemoryStoreStack, memory_settings
from stacks.online_store import OnlineStoreStack
from stacks.principals import patterns_of


def runtime_settings(
    stack: Stack,
    config: StageConfig,
    online: OnlineStoreStack,
    memory: MemoryStoreStack | None,
) -> RuntimeSettings:
    """The settings of a data plane in that stack."""
    return RuntimeSettings(
        **vars(memory_settings(memory)),
        registry_table=online.registry.table_name,
        records_table=online.records.table_name,
        account_id=stack.account,
        region=stack.region,
        partition=stack.partition,
        administrators=patterns_of(stack, config.access.administrators),
        missing_grants_deny=int(config.missing_grants_deny),
    )
