"""Schedules of monitoring and their job definitions as items of the registry table.

    M#data-quality-job-definition  <name>   ``doc``, its document, beside ``uid`` and ``revision``
    M#monitoring-schedule          <name>   likewise

Format ``monitoring-schedule`` is that of both documents (decision 0192).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import orjson

from larder.aws.dynamodb.api import DynamoApi
from larder.formats import MEMBER, Format, carried, known_members
from larder.models.adapters.dynamodb_item import item_key
from larder.models.adapters.dynamodb_models import DynamoItems
from larder.models.registry_items import Item, Kind
from larder.monitoring.given import Given
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule, ScheduleState, Timing
from larder.monitoring.watches import Watches
from larder.monitoring.window import Cadence

FORMAT: Final = Format("monitoring-schedule")
Attributes = dict[str, Any]
_COMMON: Final = ("name", "created", "tags", "sent")
_DEFINITION: Final = frozenset({*_COMMON, "endpoint", "given", "output"})
_SCHEDULE: Final = frozenset(
    {*_COMMON, "definition", "endpoint", "timing", "state", "changed", "since"}
)


class DynamoDefinitions(DynamoItems[JobDefinition]):
    """Implements ``larder.models.registry.Items`` for job definitions."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        super().__init__(dynamodb, table_name, Kind.QUALITY_DEFINITION)

    def _written(self, item: JobDefinition, stored: Attributes | None) -> Attributes:
        return definition_item(item, stored)

    def _read(self, attributes: Attributes) -> JobDefinition:
        return definition_from(attributes)


class DynamoSchedules(DynamoItems[MonitoringSchedule]):
    """Implements ``larder.models.registry.Items`` for schedules."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        super().__init__(dynamodb, table_name, Kind.MONITORING_SCHEDULE)

    def _written(self, item: MonitoringSchedule, stored: Attributes | None) -> Attributes:
        return schedule_item(item, stored)

    def _read(self, attributes: Attributes) -> MonitoringSchedule:
        return schedule_from(attributes)


def dynamo_watches(dynamodb: DynamoApi, table_name: str) -> Watches:
    """The schedules and job definitions of that table."""
    return Watches(DynamoSchedules(dynamodb, table_name), DynamoDefinitions(dynamodb, table_name))


def definition_item(item: JobDefinition, stored: Attributes | None = None) -> Attributes:
    """The attributes of a definition, with what a newer release added to the ``stored`` one."""
    own = {"endpoint": item.endpoint, "given": asdict(item.given), "output": item.output}
    return _attributes(Kind.QUALITY_DEFINITION, item, {"sent": item.sent, **own}, stored)


def definition_from(attributes: Attributes) -> JobDefinition:
    """The definition of its attributes.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
        KeyError, ValueError: they are not of this layout.
    """
    document = _document(attributes, "job definition")
    return JobDefinition(
        **_common(attributes, document),
        endpoint=document["endpoint"],
        given=Given(**known_members(Given, document["given"])),
        output=document["output"],
    )


def schedule_item(item: MonitoringSchedule, stored: Attributes | None = None) -> Attributes:
    """The attributes of a schedule, with what a newer release added to the ``stored`` one."""
    own = {
        "sent": item.sent,
        "definition": item.definition,
        "endpoint": item.endpoint,
        "timing": asdict(item.timing),
        "state": item.state,
        "changed": item.changed,
        "since": item.since,
    }
    return _attributes(Kind.MONITORING_SCHEDULE, item, own, stored)


def schedule_from(attributes: Attributes) -> MonitoringSchedule:
    """The schedule of its attributes; raises as ``definition_from``."""
    document = _document(attributes, "monitoring schedule")
    name = f"monitoring schedule {document['name']}"
    timing = known_members(Timing, document["timing"])
    cadence = FORMAT.value(name, Cadence, timing["cadence"])
    return MonitoringSchedule(
        **_common(attributes, document),
        definition=document["definition"],
        endpoint=document["endpoint"],
        timing=Timing(**timing | {"cadence": cadence}),
        state=FORMAT.value(name, ScheduleState, document["state"]),
        changed=document["changed"],
        since=document["since"],
    )


def _attributes(kind: Kind, item: Item, own: Attributes, stored: Attributes | None) -> Attributes:
    document: Attributes = {
        "name": item.name,
        "created": item.created,
        "tags": [list(tag) for tag in item.tags],
        **own,
    }
    if stored is not None:
        known = _SCHEDULE if kind is Kind.MONITORING_SCHEDULE else _DEFINITION
        document = carried(orjson.loads(stored["doc"]["S"]), document, known)
    return {
        **(stored or {}),
        **item_key(kind, item.name),
        "uid": {"S": item.uid},
        "revision": {"N": str(item.revision)},
        "doc": {"S": orjson.dumps(document, default=dict).decode()},
    }


def _document(attributes: Attributes, words: str) -> Attributes:
    document: Attributes = orjson.loads(attributes["doc"]["S"])
    FORMAT.check(f"{words} {document['name']}", document.get(MEMBER))
    return document


def _common(attributes: Attributes, document: Attributes) -> Attributes:
    return {
        "name": document["name"],
        "uid": attributes["uid"]["S"],
        "created": document["created"],
        "tags": tuple((key, value) for key, value in document["tags"]),
        "revision": int(attributes["revision"]["N"]),
        "sent": document["sent"],
    }
