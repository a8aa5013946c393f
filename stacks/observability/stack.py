"""What an operator sees and is woken by: one dashboard, and alarms on the promises."""

from collections.abc import Iterable
from typing import Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.config import StageConfig
from stacks.ingestion import IngestionStack
from stacks.memory.projection import MemoryProjectionStack
from stacks.observability.dashboard import door_widgets, function_widget, lag_widget
from stacks.observability.door_alarms import door_watches
from stacks.observability.memory_alarms import memory_watches, memory_widgets
from stacks.observability.watch import Watch
from stacks.serving import ServingStack

_FIVE_MINUTES: Final = Duration.minutes(5)
_BEHIND: Final = Duration.hours(1)
_NAMESPACE: Final = "Larder"


class ObservabilityStack(Stack):
    """Alarms tell when a promise is at stake; the dashboard shows the numbers behind them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        serving: ServingStack,
        ingestion: IngestionStack,
        projection: MemoryProjectionStack | None = None,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self._topic = self._alarm_topic(config) if config.alarms.topic else None
        functions = {
            "Control": serving.control,
            "Runtime": serving.runtime,
            "OfflineWriter": ingestion.offline_writer,
            "Lifecycle": ingestion.lifecycle,
            "Maintenance": ingestion.upkeep.maintenance,
            "Heartbeat": ingestion.upkeep.heartbeat,
        }
        if projection is not None:
            functions["MemoryProjector"] = projection.projector
            self._watch(memory_watches(projection))
        for name, function in functions.items():
            self._watch_function(name, function)
        self._watch_streams(ingestion)
        self._watch_quarantine(ingestion)
        self._watch(door_watches(config, serving))
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"larder-{config.name}")
        dashboard.add_widgets(*door_widgets(serving))
        dashboard.add_widgets(*(function_widget(n, f) for n, f in functions.items()))
        dashboard.add_widgets(lag_widget(ingestion))
        if projection is not None:
            dashboard.add_widgets(*memory_widgets(projection))
        CfnOutput(self, "DashboardName", value=dashboard.dashboard_name)

    def _watch(self, watches: Iterable[Watch]) -> None:
        for each in watches:
            self._alarm(
                each.name,
                each.metric,
                each.meaning,
                threshold=each.threshold,
                periods=each.periods,
            )

    def _watch_function(self, name: str, function: lambda_.IFunction) -> None:
        self._alarm(
            f"{name}Errors",
            function.metric_errors(period=_FIVE_MINUTES),
            "the function raised: read its log group",
        )
        self._alarm(
            f"{name}Throttles",
            function.metric_throttles(period=_FIVE_MINUTES),
            "the account's Lambda concurrency is used up",
        )

    def _watch_streams(self, ingestion: IngestionStack) -> None:
        consumers = {
            "Records": (ingestion.offline_writer, ingestion.records_consumer),
            "Registry": (ingestion.lifecycle, ingestion.registry_consumer),
        }
        for name, (function, consumer) in consumers.items():
            self._alarm(
                f"{name}StreamBehind",
                function.metric(
                    "IteratorAge",
                    period=_FIVE_MINUTES,
                    statistic="Maximum",
                ),
                "the oldest change is an hour old; after 20 hours it spills to S3",
                threshold=_BEHIND.to_milliseconds(),
            )
            self._alarm(
                f"{name}BatchesSpilled",
                cloudwatch.Metric(
                    namespace="AWS/Lambda",
                    metric_name="OnFailureDestinationDeliveredEventCount",
                    dimensions_map={"EventSourceMappingUUID": consumer.mapping.ref},
                    statistic="Sum",
                    period=_FIVE_MINUTES,
                ),
                "full batches lie in the offline bucket under aws/lambda/: redrive them",
            )

    def _watch_quarantine(self, ingestion: IngestionStack) -> None:
        self._alarm(
            "RecordsQuarantined",
            _quarantined(self, ingestion.offline_writer.log_group),
            "records that can't be written lie in the offline bucket under quarantine/",
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        meaning: str,
        *,
        threshold: float = 1,
        periods: int = 1,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=meaning,
            threshold=threshold,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if self._topic is not None:
            alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _alarm_topic(self, config: StageConfig) -> sns.Topic:
        # A key of its own: CloudWatch must be let into its policy, not into the data's.
        key = kms.Key(
            self,
            "AlarmKey",
            description=f"Larder {config.name}: alarm messages",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's policy: this key
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        topic = sns.Topic(self, "Alarms", master_key=key, enforce_ssl=True)
        if config.alarms.email is not None:
            topic.add_subscription(subscriptions.EmailSubscription(config.alarms.email))
        return topic


def _quarantined(scope: Construct, log_group: logs.ILogGroup) -> cloudwatch.Metric:
    # The writer's own metric of this has no stage in it; its log group is this stage's alone.
    pattern = logs.FilterPattern.string_value("$.message", "=", "record quarantined")
    found = logs.MetricFilter(
        scope,
        "QuarantinedFilter",
        log_group=log_group,
        filter_pattern=pattern,
        metric_namespace=_NAMESPACE,
        metric_name=f"{Stack.of(scope).stack_name}-Quarantined",
    )
    return found.metric(statistic="Sum", period=_FIVE_MINUTES)
