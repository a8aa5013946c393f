"""Alarms and graphs of trainings: runs that failed, and runs that broke off."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import TRAINING, Metric
from stacks.config import StageConfig
from stacks.observability.watch import PERIOD, Watch, platform_metric
from stacks.trainings import TrainingsStack

_STEPS = "trainings"


def training_watches(config: StageConfig, trainings: TrainingsStack) -> Iterator[Watch]:
    """The alarms of executions, and of each training; none where nothing is trained."""
    if not trainings.declared:
        return
    yield Watch(
        name="TrainingExecutionsFail",
        metric=trainings.machine.metric_failed(period=PERIOD),
        meaning="an execution of the trainings' state machine failed: larder train status has "
        "the cause",
    )
    # its states' own limits end a run before the machine's three days are over: none can time out
    for each in trainings.declared:
        metric = platform_metric(config, _STEPS, Metric.TRAINING_FAILURES)
        dimensions = {**(metric.dimensions or {}), TRAINING: each.name}
        yield Watch(
            name=f"TrainingFailed-{each.name}",
            metric=metric.with_(dimensions_map=dimensions),
            meaning=f"a run of training {each.name} failed: larder train status has the cause",
        )


def training_widgets(config: StageConfig) -> list[cloudwatch.IWidget]:
    """Runs that are done, and runs that failed."""
    return [
        cloudwatch.GraphWidget(
            title="Trainings: runs done; runs that failed",
            left=[platform_metric(config, _STEPS, Metric.TRAINING_RUNS)],
            right=[platform_metric(config, _STEPS, Metric.TRAINING_FAILURES)],
        )
    ]
