"""The direct door over a store in memory."""

from larder.access.rules import AccessRules
from larder.client import FeatureStore
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.settings.runtime import RuntimeSettings
from larder.testing.records import MemoryRecordStore
from larder.wiring.data_plane import DataPlane
from tests.support.groups import HOME, feature_group, group_settings

SETTINGS = RuntimeSettings(
    registry_table="registry",
    records_table="records",
    account_id=HOME.account_id,
    region=HOME.region,
    partition=HOME.partition,
)


def memory_plane(*groups, store=None, rules=None):
    """A data plane over the given groups, by default ``customers``, and a store."""
    store = store or MemoryRecordStore()
    settings = group_settings(*(groups or (feature_group(),)))
    return DataPlane(
        reader=RecordReader(store, settings),
        writer=RecordWriter(store, settings),
        updater=RecordUpdater(store, settings),
        lister=RecordLister(store, settings),
        rules=rules or AccessRules(HOME),
        close=lambda: None,
    )


def direct_store(*groups, store=None, rules=None, caller=None):
    """A ``FeatureStore`` over ``memory_plane``."""
    plane = memory_plane(*groups, store=store, rules=rules)
    return FeatureStore(SETTINGS, caller=caller, open_plane=lambda _: plane)
