"""What is watched: a metric, and what it means when it is high."""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from larder.telemetry.metrics import FUNCTION, NAMESPACE, STAGE, Metric
from stacks.config import StageConfig

PERIOD = Duration.minutes(5)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One alarm: it goes off when ``metric`` reaches ``threshold`` in ``periods`` on end.

    Where ``below`` is set it goes off when the metric stays below the threshold. ``missing`` says
    what a period without data means. ``name`` is the construct's id, and ``meaning`` the alarm's
    description.
    """

    name: str
    metric: cloudwatch.Metric
    meaning: str
    threshold: float = 1
    periods: int = 1
    below: bool = False
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING

    @property
    def comparison(self) -> cloudwatch.ComparisonOperator:
        """How CloudWatch compares the metric with the threshold."""
        if self.below:
            return cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        return cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


def errors_watch(name: str, function: lambda_.IFunction) -> Watch:
    """The alarm of what a function raises.

    A function that a state machine alone calls needs none: its executions fail, and ring. Of one
    that a schedule calls too this is enough, since a machine tries throttled calls again.
    """
    return Watch(
        name=f"{name}Errors",
        metric=function.metric_errors(period=PERIOD),
        meaning="the function raised: read its log group",
    )


def function_watches(name: str, function: lambda_.IFunction) -> Iterator[Watch]:
    """The alarms of a function that is called by clients, streams or schedules."""
    yield errors_watch(name, function)
    yield Watch(
        name=f"{name}Throttles",
        metric=function.metric_throttles(period=PERIOD),
        meaning="the function's reserved concurrency is used up, or the account's",
    )


def alarm(scope: Construct, watch: Watch, topic: sns.ITopic | None) -> None:
    """Make the alarm of a watch, which notifies the topic where there is one."""
    made = cloudwatch.Alarm(
        scope,
        watch.name,
        metric=watch.metric,
        alarm_description=watch.meaning,
        threshold=watch.threshold,
        comparison_operator=watch.comparison,
        evaluation_periods=watch.periods,
        treat_missing_data=watch.missing,
    )
    if topic is not None:
        made.add_alarm_action(actions.SnsAction(topic))


def platform_metric(
    config: StageConfig, function: str, name: Metric, statistic: str = "Sum"
) -> cloudwatch.Metric:
    """A metric that ``lambdas/<function>`` writes to its log, of this stage alone."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=str(name),
        dimensions_map={STAGE: config.name, FUNCTION: function},
        statistic=statistic,
        period=PERIOD,
    )
