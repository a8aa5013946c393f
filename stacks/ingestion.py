"""What follows the tables' streams: the offline writer and the groups' lifecycle."""

from dataclasses import replace
from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from larder.bucket_folders import QUARANTINE, STAGING
from larder.settings.base import Settings
from larder.settings.lifecycle import LifecycleSettings
from larder.settings.offline_writer import OfflineWriterSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import OFFLINE, DependencyLayer
from stacks.constructs.glue_access import TABLE_MAKER, TABLE_WRITER
from stacks.constructs.permissions import allow, allow_items
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.schedule import Schedule
from stacks.constructs.stream_consumer import Delivery, StreamConsumer
from stacks.feature_tables import allow_feature_tables
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_LEASER, REGISTRY_NOTER, REGISTRY_WRITER, allow_registry
from stacks.upkeep import Upkeep

# Every accepted write, and of removals only DynamoDB's own of an expired record: the purge of a
# deleted group and the expiry of a log item say nothing about a record.
_RECORD_CHANGES: Final = (
    {"eventName": ["INSERT", "MODIFY"]},
    {
        "eventName": ["REMOVE"],
        "userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]},
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "R#"}]}}},
    },
)
# A live group that was made or changed; what there is to do the function reads from it.
_GROUP_DELIVERY: Final = Delivery(
    patterns=(
        {
            "eventName": ["INSERT", "MODIFY"],
            "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "G#"}]}}},
        },
        # a model or an endpoint, whose states are announced
        {
            "eventName": ["INSERT", "MODIFY"],
            "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "M#"}]}}},
        },
    ),
    batch_size=10,  # each group may take seconds, and all must fit the timeout
    window_seconds=0,
)
_PURGE_ACTIONS: Final = ("dynamodb:BatchWriteItem", "dynamodb:Query")
_DRAIN_EVERY: Final = Duration.minutes(5)
_SWEEP_EVERY: Final = Duration.hours(1)
_LARGEST_BATCH: Final = 10_000  # Lambda's limit; 6 MB of records usually come first


class IngestionStack(Stack):
    """The records' stream has one more consumer where the in-memory tier is on, and never a third:
    DynamoDB slows down a stream that more than two processes read."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self._config = config
        self._online = online
        self._offline = offline
        self._layer = DependencyLayer(self, "Offline", recipe=OFFLINE, target=config.target)
        self.offline_writer = self._offline_writer()
        self.lifecycle = self._lifecycle()
        self.upkeep = Upkeep(
            self, "Upkeep", config=config, online=online, offline=offline, layer=self._layer
        )
        self.schedules = (self._drain(), self._sweep(), *self.upkeep.schedules)
        self.records_consumer = self._records_consumer()
        self.registry_consumer = StreamConsumer(
            self,
            "RegistryStream",
            function=self.lifecycle,
            table=online.registry,
            key=online.key,
            delivery=replace(_GROUP_DELIVERY, spill_to=offline.bucket),
        )
        CfnOutput(self, "OfflineWriterFunctionName", value=self.offline_writer.function_name)
        CfnOutput(self, "LifecycleFunctionName", value=self.lifecycle.function_name)
        CfnOutput(self, "MaintenanceFunctionName", value=self.upkeep.maintenance.function_name)
        CfnOutput(self, "HeartbeatFunctionName", value=self.upkeep.heartbeat.function_name)

    def _records_consumer(self) -> StreamConsumer:
        return StreamConsumer(
            self,
            "RecordsStream",
            function=self.offline_writer,
            table=self._online.records,
            key=self._online.key,
            delivery=Delivery(
                patterns=_RECORD_CHANGES,
                batch_size=_LARGEST_BATCH,
                window_seconds=self._config.offline.window_seconds,
                spill_to=self._offline.bucket,
            ),
        )

    def _offline_writer(self) -> PythonFunction:
        settings = OfflineWriterSettings(
            registry_table=self._online.registry.table_name,
            offline_bucket=self._offline.bucket.bucket_name,
            quarantine_prefix=QUARANTINE,
        )
        function = self._function("OfflineWriter", "offline_writer", settings)
        allow_registry(function, self._online, (*REGISTRY_LEASER, *REGISTRY_NOTER))
        allow_feature_tables(function, self._config, self._offline, TABLE_WRITER)
        self._allow_setting_aside(function)
        return function

    def _drain(self) -> Schedule:
        """Without records in its event the offline writer writes what it parked."""
        return Schedule(
            self,
            "DrainParked",
            function=self.offline_writer,
            every=_DRAIN_EVERY,
            description="groups whose tables could not be written are tried again",
        )

    def _allow_setting_aside(self, function: PythonFunction) -> None:
        objects, bucket = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], self._offline.bucket
        bucket.allow_prefix(
            function,
            objects,
            QUARANTINE,
            reason="bad records and parked groups, which it writes once their tables are mended",
        )
        bucket.allow_prefix(
            function,
            sorted(["s3:DeleteObjectVersion", *objects]),
            STAGING,
            reason="rows that wait for one commit of their table by the writer that is next",
        )

    def _lifecycle(self) -> PythonFunction:
        settings = LifecycleSettings(
            registry_table=self._online.registry.table_name,
            records_table=self._online.records.table_name,
            offline_bucket=self._offline.bucket.bucket_name,
            glue_database=self._offline.database.database_name,
        )
        function = self._function("Lifecycle", "lifecycle", settings)
        allow_registry(function, self._online, REGISTRY_WRITER)
        allow_items(function, _PURGE_ACTIONS, [self._online.records.table_arn], self._online.key)
        allow_feature_tables(function, self._config, self._offline, TABLE_MAKER)
        bus = self.format_arn(service="events", resource="event-bus", resource_name="default")
        allow(function, ["events:PutEvents"], [bus])
        return function

    def _sweep(self) -> Schedule:
        """Without records in its event the lifecycle function looks after every group: what a
        stream that gave up has left undone is taken up again."""
        return Schedule(
            self,
            "Sweep",
            function=self.lifecycle,
            every=_SWEEP_EVERY,
            description="feature groups left between two states",
        )

    def _function(self, construct_id: str, name: str, settings: Settings) -> PythonFunction:
        return PythonFunction(
            self,
            construct_id,
            config=self._config,
            program=Program(
                name=name,
                settings=settings,
                memory_mb=self._config.offline.memory_mb,
                timeout=Duration.minutes(5),
            ),
            layer=self._layer,
        )
