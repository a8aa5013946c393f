"""CloudWatch metrics as log lines: the Embedded Metric Format, which costs no call."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

NAMESPACE = "Larder"


def metric_line(
    metrics: Mapping[str, tuple[float, str]], dimensions: Mapping[str, str], *, now_millis: int
) -> str:
    """One log line that CloudWatch turns into metrics; ``metrics`` is name to (value, unit)."""
    document: dict[str, object] = {
        "_aws": {
            "Timestamp": now_millis,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(dimensions)],
                    "Metrics": [
                        {"Name": name, "Unit": unit} for name, (_, unit) in metrics.items()
                    ],
                }
            ],
        }
    }
    document |= dimensions
    document |= {name: value for name, (value, _) in metrics.items()}
    return orjson.dumps(document).decode()
