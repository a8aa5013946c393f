"""Alarms and graphs of what leaves the tables by their streams: how late, how much, how bad."""

from collections.abc import Iterator
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import Metric
from stacks.config import StageConfig
from stacks.ingestion import IngestionStack
from stacks.observability.watch import PERIOD, Watch, platform_metric

_BEHIND: Final = Duration.hours(1)
_PROMISED: Final = Duration.minutes(1)
_LATE_PERIODS: Final = 3


def offline_watches(config: StageConfig, ingestion: IngestionStack) -> Iterator[Watch]:
    """The alarms of the offline writer and of both streams."""
    yield from _streams(ingestion)
    yield Watch(
        name="RecordsQuarantined",
        metric=platform_metric(config, "offline_writer", Metric.QUARANTINED_RECORDS),
        meaning="records that can't be written lie in the offline bucket under quarantine/",
    )
    yield Watch(
        name="GroupsParked",
        metric=platform_metric(config, "offline_writer", Metric.PARKED_GROUPS, "Maximum"),
        meaning="a group's table takes no rows, so its changes wait in the offline bucket under "
        "quarantine/<uid>/parked/: fix the table, and the writer writes them by itself",
    )
    yield Watch(
        name="OfflineLate",
        metric=platform_metric(config, "offline_writer", Metric.OFFLINE_LAG, "Maximum"),
        meaning="records reach the offline store later than the promised minute",
        threshold=_PROMISED.to_milliseconds(),
        periods=_LATE_PERIODS,
    )


def _streams(ingestion: IngestionStack) -> Iterator[Watch]:
    consumers = {
        "Records": (ingestion.offline_writer, ingestion.records_consumer),
        "Registry": (ingestion.lifecycle, ingestion.registry_consumer),
    }
    for name, (function, consumer) in consumers.items():
        yield Watch(
            name=f"{name}StreamBehind",
            metric=function.metric("IteratorAge", period=PERIOD, statistic="Maximum"),
            meaning="the oldest change is an hour old; after 20 hours it spills to S3",
            threshold=_BEHIND.to_milliseconds(),
        )
        yield Watch(
            name=f"{name}BatchesSpilled",
            metric=cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name="OnFailureDestinationDeliveredEventCount",
                dimensions_map={"EventSourceMappingUUID": consumer.mapping.ref},
                statistic="Sum",
                period=PERIOD,
            ),
            meaning="full batches lie in the offline bucket under aws/lambda/: redrive them",
        )


def offline_widgets(config: StageConfig, ingestion: IngestionStack) -> list[cloudwatch.IWidget]:
    """How far behind the streams their consumers are, and what the offline writer wrote."""
    return [
        cloudwatch.GraphWidget(
            title="Age of the oldest change not yet taken (ms)",
            left=[
                function.metric("IteratorAge", statistic="Maximum", label=label)
                for label, function in (
                    ("records → offline", ingestion.offline_writer),
                    ("registry → lifecycle", ingestion.lifecycle),
                )
            ],
        ),
        cloudwatch.GraphWidget(
            title="Offline: rows written, and lag of the latest commits (ms)",
            left=[platform_metric(config, "offline_writer", Metric.OFFLINE_ROWS)],
            right=[platform_metric(config, "offline_writer", Metric.OFFLINE_LAG, "Maximum")],
        ),
        cloudwatch.GraphWidget(
            title="Records in quarantine, changes parked, and groups that are parked",
            left=[
                platform_metric(config, "offline_writer", name)
                for name in (Metric.QUARANTINED_RECORDS, Metric.PARKED_CHANGES)
            ],
            right=[platform_metric(config, "offline_writer", Metric.PARKED_GROUPS, "Maximum")],
        ),
    ]
