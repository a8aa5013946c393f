"""Alarms and graphs of exposures: what was recorded, and what was lost."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import Metric
from stacks.config import StageConfig
from stacks.observability.watch import Watch, platform_metric

_WRITER = "exposure_writer"


def exposure_watches(config: StageConfig) -> Iterator[Watch]:
    """The alarms of lost and unreadable exposures, and of captured data that was refused."""
    yield Watch(
        name="ExposuresLost",
        metric=platform_metric(config, "inference", Metric.EXPOSURES_LOST),
        meaning="requests were answered whose exposure line was not written: read the log of "
        "inference",
    )
    yield Watch(
        name="ExposuresQuarantined",
        metric=platform_metric(config, _WRITER, Metric.QUARANTINED_EXPOSURES),
        meaning="exposure lines that can't be read lie in the offline bucket under "
        "exposures/quarantine/",
    )
    yield Watch(
        name="CapturesLost",
        metric=platform_metric(config, _WRITER, Metric.CAPTURES_LOST),
        meaning="data capture may not write to an endpoint's DestinationS3Uri: the log of "
        "exposure_writer names the folder",
    )


def exposure_widgets(config: StageConfig) -> list[cloudwatch.IWidget]:
    """What was recorded, and what was not."""
    return [
        cloudwatch.GraphWidget(
            title="Exposures: rows recorded; lines in quarantine and lost, captures lost, shadows "
            "that failed",
            left=[platform_metric(config, _WRITER, Metric.EXPOSURE_ROWS)],
            right=[
                platform_metric(config, "inference", Metric.EXPOSURES_LOST),
                *(
                    platform_metric(config, _WRITER, each)
                    for each in (
                        Metric.QUARANTINED_EXPOSURES,
                        Metric.CAPTURES_LOST,
                        Metric.SHADOWS_FAILED,
                    )
                ),
            ],
        )
    ]
