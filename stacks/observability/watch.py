"""What is watched: a metric, and what it means that it is high."""

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One alarm: it rings where ``metric`` reaches ``threshold``, and ``meaning`` says why.

    It takes so many ``periods`` of the metric on end.
    """

    name: str
    metric: cloudwatch.Metric
    meaning: str
    threshold: float = 1
    periods: int = 1
