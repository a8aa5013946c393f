"""The direct door over a store in memory."""

from larder.access import AccessRules
from larder.adapters.data_plane import DataPlane
from larder.adapters.memory_records import MemoryRecordStore
from larder.client import FeatureStore
from larder.record_listing import RecordLister
from larder.record_reading import RecordReader
from larder.record_updating import RecordUpdater
from larder.record_writing import RecordWriter
from larder.settings import RuntimeSettings
from tests.groups import HOME, feature_group, group_settings

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
