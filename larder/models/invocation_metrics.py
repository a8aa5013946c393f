"""Metrics of endpoints, by SageMaker's names: one log line a request and variant.

CloudWatch reads them from the line (Embedded Metric Format), which costs the request no call. The
dimensions are the stage, EndpointName and VariantName. While an update moves traffic there is a
second series with EndpointConfigName: an alarm can look at the new fleet alone. Source: AWS,
SageMaker developer guide, "Metrics for monitoring Amazon SageMaker AI with Amazon CloudWatch" and
"Auto-Rollback Configuration and Monitoring".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import orjson

from larder.models.served import ServedEndpoint, Variant
from larder.telemetry.metrics import NAMESPACE, STAGE

CLIENT_ERROR, SERVER_ERROR = 400, 500
UNITS: Final = {
    "Invocations": "Count",
    "Invocation4XXErrors": "Count",
    "Invocation5XXErrors": "Count",
    "ModelLatency": "Microseconds",
}
"""An error counts 1 or 0 for each request, so that the average is a rate.

The latency is of the whole answer: features read, model, and the forms of request and response.
"""
_MANY: Final = 1000


def lines_of(
    stage: str,
    endpoint: ServedEndpoint,
    variants: Sequence[Variant],
    status: int,
    seconds: float,
    now: float,
) -> Iterator[str]:
    """The line of each variant that a request met; ``status`` is 200, or of the model's error.

    ``now`` is in seconds since the epoch.
    """
    bad = int(CLIENT_ERROR <= status < SERVER_ERROR)
    broken = int(status >= SERVER_ERROR)
    values = (
        f'"Timestamp":{int(now * 1000)}}},"Invocations":1,"Invocation4XXErrors":{bad},'
        f'"Invocation5XXErrors":{broken},"ModelLatency":{int(seconds * 1_000_000)}}}'
    )
    for variant in variants:
        config = _config(endpoint, variant) if endpoint.green is not None else ""
        yield _head(stage, endpoint.name, variant.name, config) + values


@lru_cache(_MANY)
def _head(stage: str, endpoint: str, variant: str, config: str) -> str:
    """The line up to what differs from request to request: made once, for it takes longest."""
    named = {STAGE: stage, "EndpointName": endpoint, "VariantName": variant}
    dimensions = [list(named)]
    if config:
        named["EndpointConfigName"] = config
        dimensions.append(list(named))
    metrics = [{"Name": name, "Unit": unit} for name, unit in UNITS.items()]
    described = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}
    series = orjson.dumps([described]).decode()
    return f'{orjson.dumps(named).decode()[:-1]},"_aws":{{"CloudWatchMetrics":{series},'


def _config(endpoint: ServedEndpoint, variant: Variant) -> str:
    green = endpoint.green
    is_green = green is not None and any(each is variant for each in green.variants)
    return green.config if is_green and green is not None else endpoint.blue.config
