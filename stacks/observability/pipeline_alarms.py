"""Alarms and graphs of pipelines: intervals that were not published, and runs that broke off."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import Metric
from stacks.config import StageConfig
from stacks.observability.watch import PERIOD, Watch, platform_metric
from stacks.pipelines import PipelinesStack

_STEPS = "pipelines"


def pipeline_watches(config: StageConfig, pipelines: PipelinesStack) -> Iterator[Watch]:
    """The alarms of intervals that failed or are blocked, and of executions that failed."""
    yield Watch(
        name="PipelineIntervalsFail",
        metric=platform_metric(config, _STEPS, Metric.PIPELINE_FAILURES),
        meaning="an interval of a feature pipeline was not published: larder pipeline status has "
        "its cause",
    )
    yield Watch(
        name="PipelineExecutionsFail",
        metric=pipelines.machine.metric_failed(period=PERIOD),
        meaning="an execution of the pipelines' state machine failed: its history has the cause",
    )
    yield Watch(
        name="PipelineExecutionsTimeOut",
        metric=pipelines.machine.metric_timed_out(period=PERIOD),
        meaning="an execution of the pipelines' state machine took longer than it may",
    )


def pipeline_widgets(config: StageConfig) -> list[cloudwatch.IWidget]:
    """Rows that pipelines published, and intervals that were not."""
    return [
        cloudwatch.GraphWidget(
            title="Pipelines: rows published; intervals that were not, late events too old",
            left=[platform_metric(config, _STEPS, Metric.PIPELINE_ROWS)],
            right=[
                platform_metric(config, _STEPS, Metric.PIPELINE_FAILURES),
                platform_metric(config, _STEPS, Metric.LATE_EVENTS_DROPPED),
            ],
        )
    ]
