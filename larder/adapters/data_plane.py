"""The data plane's parts over the stores that its settings name, for each door that needs them.

The runtime function and the direct client are this same graph, so both mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from larder.access import AccessRules
from larder.adapters.dynamodb_api import DynamoApi
from larder.adapters.dynamodb_groups import DynamoGroups
from larder.adapters.dynamodb_records import DynamoRecordStore
from larder.adapters.dynamodb_wire import DynamoWire
from larder.adapters.retries import Retries
from larder.group_names import Home
from larder.group_settings import GroupSettings
from larder.record_listing import RecordLister
from larder.record_reading import RecordReader
from larder.record_store import RecordStore
from larder.record_updating import RecordUpdater
from larder.record_writing import RecordWriter
from larder.settings import RuntimeSettings
from larder.wire.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from larder.adapters.memory_tier import MemoryTier


@dataclass(frozen=True)
class DataPlane:
    """The use cases of records, the rules about who may use them, and the tier if there is one.

    ``close`` closes the connections that no thread is using; whoever needs one opens it again.
    """

    reader: RecordReader
    writer: RecordWriter
    updater: RecordUpdater
    lister: RecordLister
    rules: AccessRules
    close: Callable[[], None]
    memory: MemoryTier | None = None

    @cached_property
    def api(self) -> RuntimeApi:
        """The same in SageMaker's words."""
        return RuntimeApi(self.reader, self.writer, self.updater, self.lister, self.rules)


def open_data_plane(settings: RuntimeSettings) -> DataPlane:
    """The data plane of a deployed platform, with the credentials of this process.

    Raises:
        ConfigurationError: there are no credentials, or a setting is malformed.
    """
    retries = Retries()
    dynamodb = DynamoWire.from_environment(settings.region, settings.partition, retries)
    store, memory = _stores(settings, dynamodb, retries)
    home = Home(settings.partition, settings.region, settings.account_id)
    groups = GroupSettings(
        registry=DynamoGroups(dynamodb, settings.registry_table),
        home=home,
        lifetime=settings.group_cache_seconds,
    )
    return DataPlane(
        reader=RecordReader(store, groups),
        writer=RecordWriter(store, groups),
        updater=RecordUpdater(store, groups),
        lister=RecordLister(store, groups),
        rules=AccessRules.read(home, settings.administrators, settings.missing_grants_deny),
        close=lambda: _close(dynamodb, memory),
        memory=memory,
    )


def _stores(
    settings: RuntimeSettings, dynamodb: DynamoApi, retries: Retries
) -> tuple[RecordStore, MemoryTier | None]:
    table = settings.records_table
    if not settings.valkey_address:
        return DynamoRecordStore(dynamodb, table, retries=retries), None
    # imported where there is a tier: a stage without one does not pay for it at a cold start
    from larder.adapters.memory_open import open_memory_tier  # noqa: PLC0415
    from larder.adapters.tiered_records import TieredRecordStore  # noqa: PLC0415

    tier = open_memory_tier(settings, settings.region)
    durable = DynamoRecordStore(dynamodb, table, retries=retries, projection=tier.accept)
    return TieredRecordStore(durable, tier), tier


def _close(dynamodb: DynamoWire, memory: MemoryTier | None) -> None:
    dynamodb.close()
    if memory is not None:
        memory.close()
