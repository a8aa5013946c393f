"""The runtime function as it is deployed, over a DynamoDB that answers at once."""

from __future__ import annotations

import base64
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.stub import Item, load
from lambdas.runtime.routes import create_handler
from larder.aws.dynamodb.api import DynamoApi
from larder.aws.dynamodb.boto import BotoDynamo
from larder.client.process_plane import ProcessPlane
from larder.client.records import RecordsClient
from larder.groups.adapters.dynamodb_item import name_key, to_item
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
    OnlineStore,
    StorageType,
)
from larder.groups.names import Home
from larder.groups.settings_cache import GroupSettings
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.adapters.dynamodb_item import record_key, to_attributes
from larder.records.api.operations import RuntimeApi
from larder.records.listing import RecordLister
from larder.records.read import RecordReader
from larder.records.update import RecordUpdater
from larder.records.values import slot_of
from larder.records.versions import Stamp, live_version
from larder.records.write import RecordWriter
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import DataPlane, open_data_plane

Handler = Callable[[dict[str, Any], object], dict[str, Any]]
HOME = Home("aws", "us-east-1", "123456789012")
EVENT_TIME = "2026-01-01T00:00:00Z"
_NOW = 1_767_225_600_000_000
_SETTINGS = RuntimeSettings(
    registry_table="registry",
    records_table="records",
    account_id=HOME.account_id,
    region=HOME.region,
    partition=HOME.partition,
)
_CLIENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "s" * 40,
    "AWS_SESSION_TOKEN": "t" * 700,  # as long as those of a role
    "AWS_REGION": HOME.region,
    "AWS_DEFAULT_REGION": HOME.region,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A feature group of so many numbers beside identifier and event time.

    Groups of one width differ by ``copy``.
    """

    features: int
    in_memory: bool = False
    copy: int = 0

    @property
    def name(self) -> str:
        """The group's name."""
        kind = "memory" if self.in_memory else "group"
        return f"{kind}-{self.features}-{self.copy}" if self.copy else f"{kind}-{self.features}"

    @property
    def group(self) -> FeatureGroup:
        """The group."""
        numbers = [f"feature_{n:03}" for n in range(self.features)]
        return FeatureGroup(
            name=self.name,
            uid=f"uid-{self.name}",
            arn=HOME.arn(self.name),
            record_identifier_name="id",
            event_time_name="event_time",
            features=(
                FeatureDefinition("id", FeatureType.STRING),
                FeatureDefinition("event_time", FeatureType.STRING),
                *(FeatureDefinition(each, FeatureType.FRACTIONAL) for each in numbers),
            ),
            online=OnlineStore(StorageType.IN_MEMORY if self.in_memory else StorageType.STANDARD),
            offline=None,
            creation_time=_NOW,
            last_modified_time=_NOW,
            status=FeatureGroupStatus.CREATED,
        )

    def values(self, identifier: str) -> dict[str, str]:
        """A record's values by feature; the same every time."""
        random = Random(identifier)
        group = self.group
        numbers = {each.name: repr(random.random() * 1000) for each in group.features[2:]}
        return {"id": identifier, "event_time": EVENT_TIME, **numbers}


def fill(url: str, shapes: list[Shape], records: int) -> None:
    """Give the stub the groups and their first records, ``c0`` and so on."""
    for shape in shapes:
        group = shape.group
        load(url, [("registry", name_key(group.name), to_item(group))])
        load(url, [_entry(group, shape.values(f"c{n}")) for n in range(records)])


def settings(valkey: str = "") -> RuntimeSettings:
    """The function's settings; with a tier where an address of Valkey is given."""
    return replace(_SETTINGS, valkey_address=valkey, valkey_tls=0)


def environment(store: str = "", valkey: str = "") -> dict[str, str]:
    """The variables of a process that runs the function, or boto3, over a store."""
    endpoint = {"AWS_ENDPOINT_URL_DYNAMODB": store} if store else {}
    return {**os.environ, **settings(valkey).to_env(), **_CLIENT, **endpoint}


def deployed(url: str) -> Handler:
    """The handler of ``lambdas.runtime``, made under the environment that its stack gives it."""
    os.environ.update(environment(url))
    handler: Handler = importlib.import_module("lambdas.runtime.handler").handler
    return handler


@dataclass(frozen=True, slots=True)
class Tiered:
    """The handler with the in-memory tier, and the records client of the same stores."""

    handler: Handler
    direct: RecordsClient
    _planes: list[DataPlane]

    def take_counts(self) -> list[dict[str, int]]:
        """What each tier counted since the last call."""
        return [plane.memory.take_counts() for plane in self._planes if plane.memory]


def tiered(url: str, valkey: str) -> Tiered:
    """The function and the records client over a store and Valkey."""
    os.environ.update(environment(url, valkey))
    planes = [open_data_plane(settings(valkey)) for _ in range(2)]
    handler = create_handler(planes[0].api, planes[0].memory)
    client = RecordsClient(ProcessPlane(lambda: planes[1], None), HOME.region)
    return Tiered(handler, client, planes)


def over_boto3(url: str) -> Handler:
    """The same over boto3."""
    os.environ.update(_CLIENT)
    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})
    client = boto3.client("dynamodb", endpoint_url=url, region_name=HOME.region, config=config)
    return _handler(BotoDynamo(client))


def _handler(dynamodb: DynamoApi) -> Handler:
    groups = GroupSettings(DynamoGroups(dynamodb, "registry"), HOME, lifetime=5.0)
    store = DynamoRecordStore(dynamodb, "records")
    return create_handler(
        RuntimeApi(
            reader=RecordReader(store, groups),
            writer=RecordWriter(store, groups),
            updater=RecordUpdater(store, groups),
            lister=RecordLister(store, groups),
        )
    )


def _entry(group: FeatureGroup, values: dict[str, str]) -> tuple[str, Item, Item]:
    slot, version = live_version(
        group,
        {group.ordinals[name]: value for name, value in values.items()},
        stamp=Stamp(_NOW, _NOW),
        ttl=None,
        targets=group.stores,
    )
    key = record_key(slot_of(group, slot.identifier))
    attributes = to_attributes(version, now_nanos=_NOW * 1000)
    attributes["v"] = {"B": base64.b64encode(version.packed).decode()}
    return "records", key, {**key, **attributes}
