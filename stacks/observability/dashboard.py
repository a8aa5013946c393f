"""The dashboard's graphs."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from stacks.ingestion import IngestionStack
from stacks.serving import ServingStack


def door_widgets(serving: ServingStack) -> list[cloudwatch.IWidget]:
    """Requests by outcome, and latency by percentile, of the HTTP API."""
    api = serving.api
    return [
        cloudwatch.GraphWidget(
            title="Requests and refusals",
            left=[api.metric_count(), api.metric_client_error(), api.metric_server_error()],
        ),
        cloudwatch.GraphWidget(
            title="Latency (ms)",
            left=[api.metric_latency(statistic=s) for s in ("p50", "p95", "p99")],
        ),
    ]


def function_widget(name: str, function: lambda_.IFunction) -> cloudwatch.IWidget:
    """Invocations, errors and duration of one function."""
    return cloudwatch.GraphWidget(
        title=name,
        left=[function.metric_invocations(), function.metric_errors()],
        right=[function.metric_duration(statistic="p95")],
    )


def lag_widget(ingestion: IngestionStack) -> cloudwatch.IWidget:
    """How far behind the streams their consumers are."""
    return cloudwatch.GraphWidget(
        title="Age of the oldest change not yet taken (ms)",
        left=[
            function.metric("IteratorAge", statistic="Maximum", label=label)
            for label, function in (
                ("records → offline", ingestion.offline_writer),
                ("registry → lifecycle", ingestion.lifecycle),
            )
        ],
    )
