"""Alarms and graphs of predictions: runs that published nothing, and scores that are too old."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from larder.pipelines.durations import SECOND, text_of
from larder.predictions.definition import Prediction
from larder.telemetry.metrics import PREDICTION, Metric
from stacks.config import StageConfig
from stacks.observability.watch import PERIOD, Watch, platform_metric
from stacks.predictions import PredictionsStack

_STEPS = "predictions"


def prediction_watches(config: StageConfig, predictions: PredictionsStack) -> Iterator[Watch]:
    """The alarms of executions, and of each prediction: a run failed, or its scores are stale."""
    yield Watch(
        name="PredictionExecutionsFail",
        metric=predictions.machine.metric_failed(period=PERIOD),
        meaning="an execution of the predictions' state machine failed: larder predict status has "
        "the cause",
    )
    # its states' own limits end a run before the machine's day is over: none can time out
    for each in predictions.declared:
        yield Watch(
            name=f"PredictionFailed-{each.name}",
            metric=_of(config, each, Metric.PREDICTION_FAILURES, "Sum"),
            meaning=f"a run of prediction {each.name} published nothing: larder predict status "
            "has the cause",
        )
        if each.freshness is not None:
            yield _freshness(config, each, each.freshness)


def _freshness(config: StageConfig, prediction: Prediction, longest: int) -> Watch:
    return Watch(
        name=f"PredictionStale-{prediction.name}",
        metric=_of(config, prediction, Metric.PREDICTION_AGE, "Maximum"),
        meaning=f"the newest scores of prediction {prediction.name} are older than "
        f"{text_of(longest)}: larder predict status has the cause",
        threshold=longest / SECOND,
        periods=2,  # one word of it may be lost
        missing=cloudwatch.TreatMissingData.BREACHING,
    )


def _of(
    config: StageConfig, prediction: Prediction, name: Metric, statistic: str
) -> cloudwatch.Metric:
    found = platform_metric(config, _STEPS, name, statistic)
    return found.with_(dimensions_map={**(found.dimensions or {}), PREDICTION: prediction.name})


def prediction_widgets(config: StageConfig) -> list[cloudwatch.IWidget]:
    """Rows that were published, and runs that published nothing."""
    return [
        cloudwatch.GraphWidget(
            title="Predictions: rows published; runs that published nothing",
            left=[platform_metric(config, _STEPS, Metric.PREDICTION_ROWS)],
            right=[platform_metric(config, _STEPS, Metric.PREDICTION_FAILURES)],
        ),
        cloudwatch.GraphWidget(
            title="Predictions: seconds since the oldest of the newest runs",
            left=[platform_metric(config, _STEPS, Metric.PREDICTION_AGE, "Maximum")],
        ),
    ]
