"""Alarms and graphs of pipelines: intervals that were not published, and runs that broke off."""

from collections.abc import Iterator
from functools import partial

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import SECOND, text_of
from larder.telemetry.metrics import PIPELINE, Metric
from stacks.config import StageConfig
from stacks.observability.watch import PERIOD, Watch, platform_metric
from stacks.pipelines import PipelinesStack

_STEPS = "pipelines"
_ANY_PERCENT = 0.0001
"""Of up to 2,000 records with some hundred features, one cell."""


def pipeline_watches(config: StageConfig, pipelines: PipelinesStack) -> Iterator[Watch]:
    """The alarms of intervals and executions that failed, and of what reports found."""
    yield from _runs(config, pipelines)
    yield from _reports(config)


def _runs(config: StageConfig, pipelines: PipelinesStack) -> Iterator[Watch]:
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
    yield Watch(
        name="PipelineLateEventsDropped",
        metric=platform_metric(config, _STEPS, Metric.LATE_EVENTS_DROPPED),
        meaning="events came later than late.accept of their pipeline and changed nothing: larder "
        "pipeline status counts them",
    )
    yield from map(partial(_freshness, config), (p for p in pipelines.declared if p.freshness))


def _freshness(config: StageConfig, pipeline: Pipeline) -> Watch:
    """Data time, not job time: it goes off too where nothing looks any more."""
    longest = pipeline.freshness or 0
    age = platform_metric(config, _STEPS, Metric.PIPELINE_DATA_AGE, "Maximum")
    return Watch(
        name=f"PipelineFreshness-{pipeline.group}",
        metric=age.with_(dimensions_map={**(age.dimensions or {}), PIPELINE: pipeline.group}),
        meaning=f"the newest published data of pipeline {pipeline.group} are older than "
        f"{text_of(longest)}: larder pipeline status has the cause",
        threshold=longest / SECOND,
        periods=2,  # one word of it may be lost
        missing=cloudwatch.TreatMissingData.BREACHING,
    )


def _reports(config: StageConfig) -> Iterator[Watch]:
    yield Watch(
        name="PipelinesDiffer",
        metric=_of_a_day(config, Metric.PIPELINE_MISMATCHES),
        meaning="a pipeline's stores, history and source do not agree: larder consistency NAME "
        "--stored shows where",
        threshold=_ANY_PERCENT,
        missing=cloudwatch.TreatMissingData.IGNORE,  # until the next report
    )
    yield Watch(
        name="PipelineRowsLate",
        metric=_of_a_day(config, Metric.PIPELINE_LATE),
        meaning="rows are written after their event time, so training sees them before serving "
        "does: raise available_after (larder consistency NAME --stored)",
        threshold=1,
        missing=cloudwatch.TreatMissingData.IGNORE,
    )


def _of_a_day(config: StageConfig, name: Metric) -> cloudwatch.Metric:
    """The worst of all pipelines' reports of a day."""
    return platform_metric(config, _STEPS, name, "Maximum").with_(period=Duration.days(1))


def pipeline_widgets(config: StageConfig) -> list[cloudwatch.IWidget]:
    """Rows, intervals that were not published, how old data are, and what reports found."""
    return [
        cloudwatch.GraphWidget(
            title="Pipelines: rows published; intervals that were not, late events too old",
            left=[platform_metric(config, _STEPS, Metric.PIPELINE_ROWS)],
            right=[
                platform_metric(config, _STEPS, Metric.PIPELINE_FAILURES),
                platform_metric(config, _STEPS, Metric.LATE_EVENTS_DROPPED),
            ],
        ),
        cloudwatch.GraphWidget(
            title="Pipelines: cells that differ, and rows written too late (%, worst of a day)",
            left=[_of_a_day(config, Metric.PIPELINE_MISMATCHES)],
            right=[_of_a_day(config, Metric.PIPELINE_LATE)],
        ),
        cloudwatch.GraphWidget(
            title="Pipelines: seconds since the oldest data",
            left=[platform_metric(config, _STEPS, Metric.PIPELINE_DATA_AGE, "Maximum")],
        ),
    ]
