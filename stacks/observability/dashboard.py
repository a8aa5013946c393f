"""The dashboard's graphs of the API and of functions."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from stacks.serving import ServingStack


def api_widgets(serving: ServingStack) -> list[cloudwatch.IWidget]:
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
