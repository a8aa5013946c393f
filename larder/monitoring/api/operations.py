"""The operations on schedules of monitoring, as SageMaker's model has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from larder.errors import ResourceNotFound, ValidationError
from larder.groups.api.answers import present
from larder.groups.listing import Ask, Order
from larder.models.api.control_operations import item_tag_operations
from larder.models.api.control_requests import list_ask, list_order
from larder.models.lists import ItemCriteria
from larder.models.manage_endpoint_configs import key_problems
from larder.monitoring.api import answers
from larder.monitoring.api import requests as read
from larder.monitoring.api.package_metrics import describing
from larder.monitoring.executions import Execution, Executions
from larder.monitoring.manage_schedules import Monitoring
from larder.monitoring.schedule import MonitoringSchedule
from larder.problems import refuse
from larder.wire.json_rpc import Answer, Members, Operation

_PAGE_SIZE = 10


def operations_of(monitoring: Monitoring, served: Mapping[str, Operation]) -> dict[str, Operation]:
    """All operations of monitoring, among those that are ``served`` without it."""
    tags = item_tag_operations(monitoring.definitions, served)
    tags = item_tag_operations(monitoring.schedules, tags)
    described = describing(served["DescribeModelPackage"], monitoring.documents)
    return {**monitoring_operations(monitoring), **tags, "DescribeModelPackage": described}


def monitoring_operations(monitoring: Monitoring) -> dict[str, Operation]:
    """The operations on job definitions, schedules and executions, by SageMaker's names."""
    definitions, schedules = _Definitions(monitoring), _Schedules(monitoring)
    return {
        "CreateDataQualityJobDefinition": definitions.create,
        "DescribeDataQualityJobDefinition": definitions.describe,
        "ListDataQualityJobDefinitions": definitions.list,
        "DeleteDataQualityJobDefinition": definitions.delete,
        "CreateModelQualityJobDefinition": _no_quality,
        "DescribeModelQualityJobDefinition": _no_quality,
        "DeleteModelQualityJobDefinition": _no_quality,
        "ListModelQualityJobDefinitions": lambda _: {"JobDefinitionSummaries": []},
        "CreateMonitoringSchedule": schedules.create,
        "UpdateMonitoringSchedule": schedules.update,
        "DescribeMonitoringSchedule": schedules.describe,
        "ListMonitoringSchedules": schedules.list,
        "StartMonitoringSchedule": schedules.start,
        "StopMonitoringSchedule": schedules.stop,
        "DeleteMonitoringSchedule": schedules.delete,
        "ListMonitoringExecutions": schedules.executions,
    }


def _no_quality(members: Members) -> Answer:
    """None can be created: its request's shape refuses all that it needs."""
    raise ResourceNotFound(
        f"There is no model quality job definition {members['JobDefinitionName']}: ask for the "
        "quality of a model by larder monitor quality ENDPOINT --labels NAME."
    )


@dataclass(frozen=True, slots=True)
class _Definitions:
    monitoring: Monitoring

    def create(self, members: Members) -> Answer:
        spec, key_arn = read.definition_spec(members), self.monitoring.models.kms_key_arn
        for path, key in read.keys_of(members):
            refuse(key_problems(key_arn, key, path))
        created = self.monitoring.define(spec)
        return {"JobDefinitionArn": self.monitoring.definitions.arn(created.name)}

    def describe(self, members: Members) -> Answer:
        items = self.monitoring.definitions
        found = items.get(members["JobDefinitionName"])
        return answers.described_definition(found, items.arn(found.name))

    def list(self, members: Members) -> Answer:
        items = self.monitoring.definitions
        page = items.page(list_order(members), list_ask(members), read.watch_criteria(members))
        found = [answers.summarized_definition(each, items.arn(each.name)) for each in page.entries]
        return present({"JobDefinitionSummaries": found, "NextToken": page.next_token})

    def delete(self, members: Members) -> Answer:
        self.monitoring.undefine(members["JobDefinitionName"])
        return None


@dataclass(frozen=True, slots=True)
class _Schedules:
    monitoring: Monitoring

    def create(self, members: Members) -> Answer:
        return self._arn(self.monitoring.schedule(read.schedule_spec(members)))

    def update(self, members: Members) -> Answer:
        return self._arn(self.monitoring.reschedule(read.schedule_spec(members)))

    def describe(self, members: Members) -> Answer:
        items = self.monitoring.schedules
        found = items.get(members["MonitoringScheduleName"])
        last = Executions(self.monitoring.runs).last(found)
        return answers.described_schedule(found, items.arn(found.name), last)

    def list(self, members: Members) -> Answer:
        items = self.monitoring.schedules
        page = items.page(list_order(members), list_ask(members), read.watch_criteria(members))
        found = [answers.summarized_schedule(each, items.arn(each.name)) for each in page.entries]
        return present({"MonitoringScheduleSummaries": found, "NextToken": page.next_token})

    def start(self, members: Members) -> Answer:
        self.monitoring.start(members["MonitoringScheduleName"])
        return None

    def stop(self, members: Members) -> Answer:
        self.monitoring.stop(members["MonitoringScheduleName"])
        return None

    def delete(self, members: Members) -> Answer:
        self.monitoring.schedules.delete(members["MonitoringScheduleName"])
        return None

    def executions(self, members: Members) -> Answer:
        page = Executions(self.monitoring.runs).page(
            self._asked(members), _ask(members), _admitted(members)
        )
        found = [answers.execution(each) for each in page.entries]
        return present({"MonitoringExecutionSummaries": found, "NextToken": page.next_token})

    def _asked(self, members: Members) -> Sequence[MonitoringSchedule]:
        """The schedules whose executions are asked for, of those that the caller may see."""
        items = self.monitoring.schedules
        name = members.get("MonitoringScheduleName")
        whose = {"EndpointName", "MonitoringJobDefinitionName", "MonitoringTypeEquals"}
        criteria = read.watch_criteria({key: members[key] for key in whose & members.keys()})
        if name is not None:
            found = items.get(name)
            return [found] if criteria.admits(found) else []
        return [each for each in items.visible() if criteria.admits(each)]

    def _arn(self, found: MonitoringSchedule) -> Answer:
        return {"MonitoringScheduleArn": self.monitoring.schedules.arn(found.name)}


def _ask(members: Members) -> Ask:
    """The newest window first where no order is named; a run is made when its window has ended."""
    if members.get("SortBy") == "Status":
        raise ValidationError(
            "SortBy: executions are in the order of their windows; give ScheduledTime, and "
            "StatusEquals for those of one status."
        )
    descending = members.get("SortOrder", "Descending") == "Descending"
    return Ask(
        order=Order(name="ScheduledTime", descending=descending),
        size=members.get("MaxResults", _PAGE_SIZE),
        token=members.get("NextToken"),
    )


def _admitted(members: Members) -> Callable[[Execution], bool]:
    made = ItemCriteria(
        created_after=members.get("CreationTimeAfter"),
        created_before=members.get("CreationTimeBefore"),
        modified_after=members.get("LastModifiedTimeAfter"),
        modified_before=members.get("LastModifiedTimeBefore"),
    )
    due = ItemCriteria(
        created_after=members.get("ScheduledTimeAfter"),
        created_before=members.get("ScheduledTimeBefore"),
    )
    status = members.get("StatusEquals")

    def admits(found: Execution) -> bool:
        return (
            status in (None, found.status)
            and due.admits_times(found.due, found.due)
            and made.admits_times(found.run.at, found.run.at)
        )

    return admits
