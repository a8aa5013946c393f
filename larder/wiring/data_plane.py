"""The data plane's parts over the stores that its settings name, for each endpoint.

The runtime function and the direct client are this same graph, so both mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from larder.access.rules import AccessRules
from larder.aws.dynamodb.api import DynamoApi
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.retries import Retries
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.names import Home
from larder.groups.settings_cache import GroupSettings
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.adapters.dynamodb_item import partition_patterns
from larder.records.api.operations import RuntimeApi
from larder.records.listing import RecordLister
from larder.records.ports import RecordReads
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.settings.runtime import RuntimeSettings

if TYPE_CHECKING:
    from larder.memory.tier import MemoryTier


@dataclass(frozen=True)
class DataPlane:
    """The use cases of records, the rules about who may use them, and the tier if there is one.

    ``dynamodb`` is what their store is on. ``close`` closes the connections that no thread is
    using; a later call opens new ones.
    """

    reader: RecordReader
    writer: RecordWriter
    updater: RecordUpdater
    lister: RecordLister
    rules: AccessRules
    close: Callable[[], None]
    dynamodb: DynamoApi
    memory: MemoryTier | None = None

    @cached_property
    def api(self) -> RuntimeApi:
        """The same in SageMaker's words."""
        return RuntimeApi(self.reader, self.writer, self.updater, self.lister, self.rules)


def open_data_plane(settings: RuntimeSettings, *, patient_seconds: float = 0.0) -> DataPlane:
    """The data plane of a deployed platform, with the credentials of this process.

    ``patient_seconds`` are those of ``MemoryTier``.

    Raises:
        ConfigurationError: there are no credentials, or a setting is malformed.
    """
    retries = Retries()
    dynamodb = DynamoWire.from_environment(settings.region, settings.partition, retries)
    store, reads, memory = _stores(settings, dynamodb, retries, patient_seconds)
    home = Home(settings.partition, settings.region, settings.account_id)
    groups = GroupSettings(
        registry=DynamoGroups(dynamodb, settings.registry_table),
        home=home,
        lifetime=settings.group_cache_seconds,
    )
    return DataPlane(
        reader=RecordReader(reads, groups),
        writer=RecordWriter(store, groups),
        updater=RecordUpdater(store, groups),
        lister=RecordLister(store, groups),
        rules=AccessRules.read(home, settings.administrators, settings.missing_grants_deny),
        close=lambda: _close(dynamodb, memory),
        dynamodb=dynamodb,
        memory=memory,
    )


def leading_keys(plane: DataPlane, group: str) -> list[str]:
    """The values of ``dynamodb:LeadingKeys`` in an IAM policy that allows this group alone."""
    return partition_patterns(plane.reader.groups.get(group).uid)


def _stores(
    settings: RuntimeSettings, dynamodb: DynamoApi, retries: Retries, patient_seconds: float
) -> tuple[DynamoRecordStore, RecordReads, MemoryTier | None]:
    """The store that every write goes to, what answers reads, and the tier if there is one."""
    table = settings.records_table
    if not settings.valkey_address:
        store = DynamoRecordStore(dynamodb, table, retries=retries)
        return store, store, None
    # imported where there is a tier: a stage without one does not pay for it at a cold start
    from larder.extras import needs  # noqa: PLC0415

    with needs("memory", "the in-memory tier"):
        from larder.memory.tiered_reads import TieredReads  # noqa: PLC0415
        from larder.wiring.memory_tier import open_memory_tier  # noqa: PLC0415

    tier = open_memory_tier(settings, settings.region, patient_seconds=patient_seconds)
    durable = DynamoRecordStore(dynamodb, table, retries=retries, projection=tier.accept)
    return durable, TieredReads(durable, tier), tier


def _close(dynamodb: DynamoWire, memory: MemoryTier | None) -> None:
    dynamodb.close()
    if memory is not None:
        memory.close()
