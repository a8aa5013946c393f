"""Alarms of the doors: clients that are answered 5xx, or late."""

from collections.abc import Iterator
from typing import Final

from aws_cdk import Duration

from stacks.config import StageConfig
from stacks.observability.watch import Watch
from stacks.serving import ServingStack

_PERIOD: Final = Duration.minutes(5)
_LATE_PERIODS: Final = 3


def door_watches(config: StageConfig, serving: ServingStack) -> Iterator[Watch]:
    """The API's alarms, and those of the Function URL where there is one."""
    yield Watch(
        name="ServerErrors",
        metric=serving.api.metric_server_error(period=_PERIOD, statistic="Sum"),
        meaning="a client was answered 5xx",
    )
    yield Watch(
        name="Latency",
        metric=serving.api.metric_latency(period=_PERIOD, statistic="p99"),
        meaning=f"one answer in a hundred takes longer than {config.alarms.latency_ms} ms",
        threshold=config.alarms.latency_ms,
        periods=_LATE_PERIODS,
    )
    if config.serving.function_url:
        yield from _function_url(config, serving)


def _function_url(config: StageConfig, serving: ServingStack) -> Iterator[Watch]:
    function = serving.runtime
    yield Watch(
        name="UrlServerErrors",
        metric=function.metric("Url5xxCount", period=_PERIOD, statistic="Sum"),
        meaning="a client of the Function URL was answered 5xx",
    )
    yield Watch(
        name="UrlLatency",
        # AWS ("Monitoring Lambda function URLs") names average and maximum, no percentiles.
        metric=function.metric("UrlRequestLatency", period=_PERIOD, statistic="Average"),
        meaning=f"an answer of the Function URL takes {config.alarms.latency_ms} ms on average",
        threshold=config.alarms.latency_ms,
        periods=_LATE_PERIODS,
    )
