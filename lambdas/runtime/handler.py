"""Entry point of the data plane: builds the object graph once, at cold start."""

import boto3
from botocore.config import Config

from lambdas.runtime.routes import create_handler
from larder.adapters.dynamodb_records import DynamoRecordStore
from larder.adapters.dynamodb_registry import DynamoRegistry
from larder.group_names import Home
from larder.group_settings import GroupSettings
from larder.record_listing import RecordLister
from larder.record_reading import RecordReader
from larder.record_updating import RecordUpdater
from larder.record_writing import RecordWriter
from larder.settings import RuntimeSettings
from larder.wire.runtime_api import RuntimeApi

_settings = RuntimeSettings.from_env()
_client = boto3.client(
    "dynamodb",
    config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3}),
)
_store = DynamoRecordStore(_client, _settings.records_table)
_groups = GroupSettings(
    registry=DynamoRegistry(_client, _settings.registry_table),
    home=Home(_settings.partition, _settings.region, _settings.account_id),
    lifetime=_settings.group_cache_seconds,
)

handler = create_handler(
    RuntimeApi(
        reader=RecordReader(_store, _groups),
        writer=RecordWriter(_store, _groups),
        updater=RecordUpdater(_store, _groups),
        lister=RecordLister(_store, _groups),
    )
)
