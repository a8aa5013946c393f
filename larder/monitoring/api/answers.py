"""The answers on schedules of monitoring. Times are epoch seconds, as for groups."""

from __future__ import annotations

from typing import Any

from larder.groups.api.answers import present, seconds
from larder.monitoring.api.requests import DATA_QUALITY
from larder.monitoring.executions import Execution
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule

Members = dict[str, Any]


def described_definition(item: JobDefinition, arn: str) -> Members:
    """DescribeDataQualityJobDefinition's answer: what was sent."""
    return {
        "JobDefinitionArn": arn,
        "JobDefinitionName": item.name,
        "CreationTime": seconds(item.created),
        **item.sent,
    }


def summarized_definition(item: JobDefinition, arn: str) -> Members:
    """A definition as ListDataQualityJobDefinitions answers it."""
    return {
        "MonitoringJobDefinitionName": item.name,
        "MonitoringJobDefinitionArn": arn,
        "CreationTime": seconds(item.created),
        "EndpointName": item.endpoint,
    }


def described_schedule(item: MonitoringSchedule, arn: str, last: Execution | None) -> Members:
    """DescribeMonitoringSchedule's answer, with what came of the newest window."""
    summary = summarized_schedule(item, arn)
    del summary["MonitoringJobDefinitionName"]
    return present(
        {
            **summary,
            "MonitoringScheduleConfig": dict(item.sent),
            "LastMonitoringExecutionSummary": None if last is None else execution(last),
        }
    )


def summarized_schedule(item: MonitoringSchedule, arn: str) -> Members:
    """A schedule as ListMonitoringSchedules answers it."""
    return {
        "MonitoringScheduleName": item.name,
        "MonitoringScheduleArn": arn,
        "CreationTime": seconds(item.created),
        "LastModifiedTime": seconds(item.modified),
        "MonitoringScheduleStatus": item.status,
        "EndpointName": item.endpoint,
        "MonitoringJobDefinitionName": item.definition,
        "MonitoringType": DATA_QUALITY,
    }


def execution(found: Execution) -> Members:
    """A run as ListMonitoringExecutions answers it; there is no processing job."""
    return present(
        {
            "MonitoringScheduleName": found.schedule.name,
            "ScheduledTime": seconds(found.due),
            "CreationTime": seconds(found.run.at),
            "LastModifiedTime": seconds(found.run.at),
            "MonitoringExecutionStatus": found.status,
            "EndpointName": found.run.endpoint,
            "FailureReason": found.failure[:1024] or None,
            "MonitoringJobDefinitionName": found.run.definition,
            "MonitoringType": DATA_QUALITY,
        }
    )
