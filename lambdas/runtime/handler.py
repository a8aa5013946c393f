"""Entry point of the data plane: builds the object graph once, at cold start."""

import gc

from lambdas.runtime.routes import create_handler
from larder.access import AccessRules
from larder.adapters.dynamodb_groups import DynamoGroups
from larder.adapters.dynamodb_records import DynamoRecordStore
from larder.adapters.dynamodb_wire import DynamoWire
from larder.adapters.retries import Retries
from larder.group_names import Home
from larder.group_settings import GroupSettings
from larder.record_listing import RecordLister
from larder.record_reading import RecordReader
from larder.record_updating import RecordUpdater
from larder.record_writing import RecordWriter
from larder.settings import RuntimeSettings
from larder.wire.runtime_api import RuntimeApi

_settings = RuntimeSettings.from_env()
_retries = Retries()
_dynamodb = DynamoWire.from_environment(_settings.region, _settings.partition, _retries)
_store = DynamoRecordStore(_dynamodb, _settings.records_table, retries=_retries)
_home = Home(_settings.partition, _settings.region, _settings.account_id)
_groups = GroupSettings(
    registry=DynamoGroups(_dynamodb, _settings.registry_table),
    home=_home,
    lifetime=_settings.group_cache_seconds,
)

handler = create_handler(
    RuntimeApi(
        reader=RecordReader(_store, _groups),
        writer=RecordWriter(_store, _groups),
        updater=RecordUpdater(_store, _groups),
        lister=RecordLister(_store, _groups),
        rules=AccessRules.read(_home, _settings.administrators, _settings.missing_grants_deny),
    )
)

gc.freeze()  # what a cold start has made lives as long as the process: never walk it again
