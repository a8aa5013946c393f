"""Monitoring: the function that compares endpoints' exposures with their models' baselines."""

from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_sns as sns
from constructs import Construct

from larder.bucket_folders import EXPOSURES, MONITORING, RESULTS, TRAINING_SETS
from larder.settings.monitoring import MonitoringSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import BULK, OFFLINE, DependencyLayer
from stacks.constructs.permissions import allow, allow_topic
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.schedule import Schedule
from stacks.models import ModelsStack
from stacks.observability.monitoring_alarms import monitoring_watches
from stacks.observability.schedule_alarms import schedule_watches
from stacks.observability.watch import alarm, errors_watch
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_LISTER, allow_registry
from stacks.source_access import TABLE_READER
from stacks.transforms import TransformsStack

_TABLE: Final = "exposures"
_EVERY: Final = Duration.minutes(15)
_QUERIES: Final = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StartQueryExecution",
)
_DOCUMENTS: Final = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")


class MonitoringStack(Stack):
    """``monitor`` reads exposures and training sets, and writes below ``monitoring/``.

    It reads and writes people's documents too, in the places of transform jobs.
    It looks every quarter of an hour for windows that have ended. One that was missed is
    made up for. It has no way to change a model, an endpoint or a record.
    """

    def __init__(  # noqa: PLR0913 - references to other stacks, each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        models: ModelsStack,
        transforms: TransformsStack,
        topic: sns.ITopic | None,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self._config, self._online, self._offline = config, online, offline
        self.monitor = self._function(models, transforms.document_places, topic)
        transforms.allow_places(self.monitor, ["s3:GetObject", "s3:PutObject"])
        allow_registry(self.monitor, online, REGISTRY_LISTER)
        allow(self.monitor, ["lambda:InvokeFunction"], [models.invoked.function_arn])
        self._allow_queries()
        self._allow_files()
        if topic is not None:
            allow_topic(self.monitor, topic)
        self.schedules = (
            Schedule(
                self,
                "MonitoringSchedule",
                function=self.monitor,
                every=_EVERY,
                description="exposures of windows that have ended compared with baselines",
            ),
        )
        self._watch(topic)
        CfnOutput(self, "MonitoringFunctionName", value=self.monitor.function_name)

    def _function(
        self, models: ModelsStack, places: tuple[str, ...], topic: sns.ITopic | None
    ) -> PythonFunction:
        offline = self._offline
        settings = MonitoringSettings(
            registry_table=self._online.registry.table_name,
            offline_bucket=offline.bucket.bucket_name,
            glue_database=offline.database.database_name,
            workgroup=offline.work_group.name,
            inference_function=models.invoked.function_arn,
            places=places,
            alert_topic="" if topic is None else topic.topic_arn,
        )
        target = self._config.target
        function = PythonFunction(
            self,
            "Monitoring",
            config=self._config,
            program=Program(
                name="monitoring",
                settings=settings,
                memory_mb=self._config.offline.memory_mb,
                timeout=Duration.minutes(15),
            ),
            layer=DependencyLayer(self, "Offline", recipe=OFFLINE, target=target),
        )
        # baselines are counted on this side with DuckDB
        function.add_layers(DependencyLayer(self, "Bulk", recipe=BULK, target=target))
        return function

    def _allow_queries(self) -> None:
        """Athena's workgroup, and of the catalog one table."""
        work_group = self.format_arn(
            service="athena", resource="workgroup", resource_name=self._offline.work_group.name
        )
        allow(self.monitor, _QUERIES, [work_group])
        prefix = self.format_arn(service="glue", resource="")
        database = self._offline.database.database_name
        places = ("catalog", f"database/{database}", f"table/{database}/{_TABLE}")
        allow(self.monitor, TABLE_READER, [f"{prefix}{place}" for place in places])

    def _allow_files(self) -> None:
        bucket = self._offline.bucket
        for folder, actions, reason in (
            (EXPOSURES + "table/", ["s3:GetObject"], "files of the table are named as written"),
            (TRAINING_SETS, ["s3:GetObject"], "a model's package names its training set"),
            (MONITORING, _DOCUMENTS, "baselines and runs are objects of their own"),
            (
                RESULTS,
                ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
                "Athena writes results by the caller's rights",
            ),
        ):
            bucket.allow_prefix(self.monitor, actions, folder, reason=reason)
        allow(self.monitor, ["s3:GetBucketLocation", "s3:ListBucket"], [bucket.bucket_arn])

    def _watch(self, topic: sns.ITopic | None) -> None:
        """Its alarms are here: they refer to the function, which refers to their topic."""
        for each in (
            errors_watch("Monitoring", self.monitor),
            *monitoring_watches(self._config),
            *schedule_watches(self._config, self.schedules),
        ):
            alarm(self, each, topic)
