"""Alarms and graphs of monitoring: one for each kind of check, over all endpoints.

Endpoints are made and removed by the API, so no template can name them. The message that monitoring
itself sends names the endpoint, the variant and the feature.
"""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import Metric
from stacks.config import StageConfig
from stacks.observability.watch import Watch, platform_metric

_MONITOR = "monitoring"
_CAUSES = {
    "ModelInputsDrift": (
        Metric.MONITORING_DRIFT,
        "an input or the score of a model is distributed otherwise than in its baseline",
        "baseline-drift-check",
    ),
    "ModelInputsBad": (
        Metric.MONITORING_INPUTS,
        "an input of a model has more missing values than its baseline, or values that it has not",
        "completeness-check",
    ),
    "ModelSplitSuspect": (
        Metric.MONITORING_SPLITS,
        "units of an experiment are not split by the weights",
        "split-check",
    ),
}


def monitoring_watches(config: StageConfig) -> Iterator[Watch]:
    """The alarms of open alerts. They stay until a run finds nothing any more."""
    for name, (metric, meaning, runbook) in _CAUSES.items():
        yield Watch(
            name=name,
            metric=platform_metric(config, _MONITOR, metric, "Maximum"),
            meaning=f"{meaning}: larder monitor report ENDPOINT names the feature; "
            f"docs/monitoring.md#{runbook} says what to do",
            missing=cloudwatch.TreatMissingData.IGNORE,  # until the next round
        )


def monitoring_widgets(config: StageConfig) -> list[cloudwatch.IWidget]:
    """Alerts that are open, by kind."""
    metrics = (Metric.MONITORING_DRIFT, Metric.MONITORING_INPUTS, Metric.MONITORING_SPLITS)
    return [
        cloudwatch.GraphWidget(
            title="Models: open alerts of drift, of inputs and of splits",
            left=[platform_metric(config, _MONITOR, each, "Maximum") for each in metrics],
        )
    ]
