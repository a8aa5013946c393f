"""Alarms and graphs of what schedules call: that it runs, and that no part of its work fails.

That a function failed as a whole shows in its errors, which are watched of every function.
"""

from collections.abc import Iterable, Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import Metric
from stacks.config import StageConfig
from stacks.constructs.schedule import Schedule
from stacks.observability.watch import PERIOD, Watch, platform_metric


def schedule_watches(config: StageConfig, schedules: Iterable[Schedule]) -> Iterator[Watch]:
    """Two alarms of each schedule; its runs are counted over two intervals, in which one is due."""
    for schedule in schedules:
        name, function = schedule.node.id, schedule.function.program_name
        yield Watch(
            name=f"{name}Fails",
            metric=platform_metric(config, function, Metric.SCHEDULED_FAILURES, "Maximum"),
            meaning="the last scheduled run left parts of its work undone, such as tables or "
            f"groups: the log group of {function} names them",
            missing=cloudwatch.TreatMissingData.IGNORE,  # until a run leaves nothing
        )
        yield Watch(
            name=f"{name}Missing",
            metric=platform_metric(config, function, Metric.SCHEDULED_RUNS).with_(
                period=_due_within(schedule.every)
            ),
            meaning=f"no scheduled run of {function} has come to its end in two intervals; after "
            "the first deployment it goes off until the first run",
            below=True,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )


def schedule_widgets(
    config: StageConfig, schedules: Iterable[Schedule]
) -> list[cloudwatch.IWidget]:
    """Runs of each schedule, and the parts of their work that were left undone."""
    functions = [schedule.function.program_name for schedule in schedules]
    return [
        cloudwatch.GraphWidget(
            title="Schedules: runs that came to their end, and parts of them left undone",
            left=[platform_metric(config, each, Metric.SCHEDULED_RUNS) for each in functions],
            right=[
                platform_metric(config, each, Metric.SCHEDULED_FAILURES, "Maximum")
                for each in functions
            ],
        )
    ]


def _due_within(every: Duration) -> Duration:
    return Duration.seconds(max(PERIOD.to_seconds(), 2 * every.to_seconds()))
