"""The records client over a store in memory, and a platform of it."""

from larder.access.rules import AccessRules
from larder.client.platform import Platform
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.write import RecordWriter
from larder.settings.published import PublishedSettings
from larder.settings.runtime import RuntimeSettings
from larder.testing.records import MemoryRecordStore
from larder.wiring.data_plane import DataPlane
from larder.wiring.location import Location
from tests.support.groups import HOME, feature_group, group_settings

STORES = {
    "registry_table": "registry",
    "records_table": "records",
    "account_id": HOME.account_id,
    "region": HOME.region,
    "partition": HOME.partition,
}
SETTINGS = RuntimeSettings(**STORES)
PUBLISHED = PublishedSettings(
    **STORES,
    offline_bucket="lake",
    database="larder_qa",
    workgroup="larder-qa",
    api_endpoint="https://abc.execute-api.us-east-1.amazonaws.com",
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
        dynamodb=None,
    )


def platform_at(settings=SETTINGS, **more):
    """A platform of these settings; ``more`` are ``Platform``'s arguments."""
    return Platform(Location(settings.to_env(), "the test", "There is no cure."), **more)


def records_over(open_plane, caller=None):
    """The records client over the data planes that a function opens."""
    return platform_at(caller=caller, open_plane=open_plane).records


def records_client(*groups, store=None, rules=None, caller=None):
    """A records client over ``memory_plane``."""
    plane = memory_plane(*groups, store=store, rules=rules)
    return records_over(lambda _: plane, caller)
