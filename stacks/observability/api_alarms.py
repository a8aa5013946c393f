"""Alarms of the HTTP API and the Function URL: clients that get a 5xx, or wait too long."""

from collections.abc import Iterator
from typing import Final

from stacks.config import StageConfig
from stacks.observability.watch import PERIOD, Watch
from stacks.serving import ServingStack

_LATE_PERIODS: Final = 3


def api_watches(config: StageConfig, serving: ServingStack) -> Iterator[Watch]:
    """The API's alarms, and those of the Function URL where there is one."""
    limit = config.alarms.latency_ms
    yield Watch(
        name="ServerErrors",
        metric=serving.api.metric_server_error(period=PERIOD, statistic="Sum"),
        meaning="a client got a 5xx",
    )
    yield Watch(
        name="Latency",
        metric=serving.api.metric_latency(period=PERIOD, statistic="p99"),
        meaning=f"one response in a hundred takes longer than {limit} ms",
        threshold=limit,
        periods=_LATE_PERIODS,
    )
    if config.serving.function_url:
        yield from _function_url(config, serving)


def _function_url(config: StageConfig, serving: ServingStack) -> Iterator[Watch]:
    function, limit = serving.runtime, config.alarms.latency_ms
    yield Watch(
        name="UrlServerErrors",
        metric=function.metric("Url5xxCount", period=PERIOD, statistic="Sum"),
        meaning="a client of the Function URL got a 5xx",
    )
    yield Watch(
        name="UrlLatency",
        # AWS ("Monitoring Lambda function URLs") names average and maximum, no percentiles.
        metric=function.metric("UrlRequestLatency", period=PERIOD, statistic="Average"),
        meaning=f"a response of the Function URL takes {limit} ms on average",
        threshold=limit,
        periods=_LATE_PERIODS,
    )
