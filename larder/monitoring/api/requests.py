"""Requests on schedules of monitoring: SageMaker's members to the core's values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from larder.groups.api.requests import tag_pairs
from larder.models.api.control_requests import checked_by, list_criteria
from larder.models.lists import ItemCriteria
from larder.models.registry_items import Item
from larder.monitoring.api.shapes import REQUESTS
from larder.monitoring.given import Given
from larder.monitoring.manage_schedules import DefinitionSpec, ScheduleSpec
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule, Timing
from larder.monitoring.window import Cadence
from larder.problems import Path, Problem, refuse, shown
from larder.wire.json_rpc import Members

DATA_QUALITY: Final = "DataQuality"
_SECOND: Final = 1_000_000
_HOUR: Final = 3_600 * _SECOND
_DAY: Final = 24 * _HOUR
_CRON: Final = re.compile(r"cron\(0 (\*|[01]?[0-9]|2[0-3]) \? \* \* \*\)", re.ASCII)
_DURATION: Final = re.compile(
    r"(-?)P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?", re.ASCII
)
_CONFIG: Final = "MonitoringScheduleConfig"
_TIMES: Final = (_CONFIG, "ScheduleConfig")
_NOW: Final = "NOW"
_BASELINE: Final = "DataQualityBaselineConfig"


checked = partial(checked_by, REQUESTS)
"""The members of an operation on schedules of monitoring; see ``checked_by``."""


def definition_spec(members: Members) -> DefinitionSpec:
    """CreateDataQualityJobDefinition's request.

    Raises:
        ValidationError: it names no endpoint, or a place that is not on S3.
    """
    refuse(_definition_problems(members))
    baseline = members.get(_BASELINE, {})
    statistics, constraints = (
        baseline.get(name, {}).get("S3Uri", "")
        for name in ("StatisticsResource", "ConstraintsResource")
    )
    [output] = members["DataQualityJobOutputConfig"]["MonitoringOutputs"]
    return DefinitionSpec(
        name=members["JobDefinitionName"],
        endpoint=members["DataQualityJobInput"]["EndpointInput"]["EndpointName"],
        given=Given(_BASELINE, statistics, constraints),
        output=output["S3Output"]["S3Uri"],
        sent={
            name: value
            for name, value in members.items()
            if name not in ("JobDefinitionName", "Tags")
        },
        tags=tag_pairs(members.get("Tags", [])),
    )


def keys_of(members: Members) -> Iterator[tuple[Path, str]]:
    """The encryption keys that a job definition names, each with its place in the request."""
    output, cluster = (
        members["DataQualityJobOutputConfig"],
        members["JobResources"]["ClusterConfig"],
    )
    if output.get("KmsKeyId"):
        yield ("DataQualityJobOutputConfig", "KmsKeyId"), output["KmsKeyId"]
    if cluster.get("VolumeKmsKeyId"):
        yield ("JobResources", "ClusterConfig", "VolumeKmsKeyId"), cluster["VolumeKmsKeyId"]


def schedule_spec(members: Members) -> ScheduleSpec:
    """The request of CreateMonitoringSchedule and of UpdateMonitoringSchedule.

    Raises:
        ValidationError: it asks for windows or checks that there aren't.
    """
    refuse(_schedule_problems(members))
    config = members[_CONFIG]
    return ScheduleSpec(
        name=members["MonitoringScheduleName"],
        definition=config["MonitoringJobDefinitionName"],
        timing=_timing(config),
        sent=config,
        tags=tag_pairs(members.get("Tags", [])),
    )


def _definition_problems(members: Members) -> Iterator[Problem]:
    if "EndpointInput" not in members["DataQualityJobInput"]:
        where = ("DataQualityJobInput", "EndpointInput")
        yield Problem(where, "Member must not be null: name the endpoint to judge", "null")
    [output] = members["DataQualityJobOutputConfig"]["MonitoringOutputs"]
    named: list[tuple[Path, str]] = [
        (
            ("DataQualityJobOutputConfig", "MonitoringOutputs", 0, "S3Output", "S3Uri"),
            output["S3Output"]["S3Uri"],
        )
    ]
    for name, given in members.get(_BASELINE, {}).items():
        named.append(((_BASELINE, name, "S3Uri"), given.get("S3Uri", "s3://")))
    for path, address in named:
        if not address.startswith("s3://"):
            yield Problem(path, "Member must begin with s3://", shown(address))


def _schedule_problems(members: Members) -> Iterator[Problem]:
    config = members[_CONFIG]
    if "MonitoringJobDefinitionName" not in config:
        text = "Member must not be null: name a data quality job definition"
        yield Problem((_CONFIG, "MonitoringJobDefinitionName"), text, "null")
    kind = config.get("MonitoringType", DATA_QUALITY)
    if kind != DATA_QUALITY:
        text = f"Member must be {DATA_QUALITY}: {_INSTEAD[kind]}"
        yield Problem((_CONFIG, "MonitoringType"), text, shown(kind))
    yield from _time_problems(config.get("ScheduleConfig", {}))


_INSTEAD: Final = {
    "ModelQuality": "labels are joined by larder monitor quality ENDPOINT --labels GROUP",
    "ModelBias": "Larder measures no bias; compare variants by larder experiment report",
    "ModelExplainability": "Larder explains no scores",
}


def _time_problems(times: dict[str, Any]) -> Iterator[Problem]:
    expression = times.get("ScheduleExpression", "cron(0 0 ? * * *)")
    hours = _CRON.fullmatch(expression)
    if hours is None and expression != _NOW:
        text = (
            "Member must be cron(0 * ? * * *) for hours, cron(0 0 ? * * *) with an hour from 0 to "
            "23 for days, or NOW: windows are of an hour or a day"
        )
        yield Problem((*_TIMES, "ScheduleExpression"), text, shown(expression))
        return
    names = ("DataAnalysisStartTime", "DataAnalysisEndTime")
    start, end = (_offset(times.get(name)) for name in names)
    for name, found in zip(names, (start, end), strict=True):
        if name in times and found is None:
            text = "Member must be a duration of ISO 8601 that is not after now, such as -PT1H"
            yield Problem((*_TIMES, name), text, shown(times[name]))
        elif name not in times and expression == _NOW:
            text = "Member must not be null where ScheduleExpression is NOW"
            yield Problem((*_TIMES, name), text, "null")
    if start is not None and end is not None and not 0 < end - start <= _DAY:
        text = "Member must be before DataAnalysisEndTime, by 24 hours at most"
        yield Problem((*_TIMES, names[0]), text, shown(times[names[0]]))
    if hours is not None:
        length = _HOUR if hours[1] == "*" else _DAY
        yield from _window_problems(times, {names[0]: -length, names[1]: 0})


def _window_problems(times: dict[str, Any], whole: dict[str, int]) -> Iterator[Problem]:
    for name, needed in whole.items():
        if name in times and _offset(times[name]) not in (None, needed):
            shape = f"-PT{-needed // _HOUR}H"
            text = f"Member must be {shape}, or left out: windows follow one another without gaps"
            yield Problem((*_TIMES, name), text, shown(times[name]))


def _timing(config: dict[str, Any]) -> Timing:
    times = config.get("ScheduleConfig", {})
    hours = _CRON.fullmatch(times.get("ScheduleExpression", "cron(0 0 ? * * *)"))
    if hours is None:
        start, end = (
            _offset(times[name]) or 0 for name in ("DataAnalysisStartTime", "DataAnalysisEndTime")
        )
        return Timing(Cadence.ASKED, start=start, end=end)
    if hours[1] == "*":
        return Timing(Cadence.HOURLY)
    return Timing(Cadence.DAILY, hour=int(hours[1]))


def _offset(text: str | None) -> int | None:
    """Microseconds before now, as a number that is at most 0; ``None`` where it is no such."""
    match = _DURATION.fullmatch(text or "")
    if match is None or not any(part is not None for part in match.groups()[1:]):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    size = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * _SECOND
    return None if size and not match[1] else -size


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCriteria(ItemCriteria):
    """Which schedules or definitions are asked for; names are compared whatever their case."""

    endpoint: str | None = None
    definition: str | None = None
    kind: str | None = None

    def admits(self, item: Item) -> bool:
        """Whether an item is asked for."""
        if not isinstance(item, MonitoringSchedule | JobDefinition):
            return False
        definition = item.definition if isinstance(item, MonitoringSchedule) else item.name
        return (
            ItemCriteria.admits(self, item)
            and _same(self.endpoint, item.endpoint)
            and _same(self.definition, definition)
            and self.kind in (None, DATA_QUALITY)
        )


def watch_criteria(members: Members) -> WatchCriteria:
    """Which schedules or definitions a list asks for."""
    return WatchCriteria(
        **{
            name: getattr(list_criteria(members), name)
            for name in ItemCriteria.__dataclass_fields__
        },
        endpoint=members.get("EndpointName"),
        definition=members.get("MonitoringJobDefinitionName"),
        kind=members.get("MonitoringTypeEquals"),
    )


def _same(wanted: str | None, found: str) -> bool:
    return wanted is None or wanted.lower() == found.lower()
