"""The alarm on updates of endpoints whose state machine gave up."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.model_deployments import ModelDeployments
from stacks.observability.watch import PERIOD, Watch


def deployment_watches(deployments: ModelDeployments) -> Iterator[Watch]:
    """The alarm of failed executions; one that is stopped rings by the lifecycle's sweep."""
    yield Watch(
        name="ModelDeploymentsFailed",
        metric=cloudwatch.Metric(
            namespace="AWS/States",
            metric_name="ExecutionsFailed",
            dimensions_map={"StateMachineArn": deployments.machine.attr_arn},
            statistic="Sum",
            period=PERIOD,
        ),
        meaning="updates of endpoints whose steps failed, and that were rolled back: read the log "
        "of model_deployment",
    )
