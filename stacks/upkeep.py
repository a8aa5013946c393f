"""What keeps the offline store healthy on a schedule: upkeep of its tables, and the heartbeat."""

from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from larder.bucket_folders import TRAINING_SETS
from larder.settings.base import Settings
from larder.settings.heartbeat import HeartbeatSettings
from larder.settings.maintenance import MaintenanceSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import DependencyLayer
from stacks.constructs.glue_access import TABLE_WRITER, allow_tables
from stacks.constructs.permissions import allow, allow_table_key
from stacks.constructs.python_function import Program, PythonFunction
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_LISTER, REGISTRY_NOTER, allow_registry

_MAINTENANCE_EVERY: Final = Duration.hours(6)
_HEARTBEAT_EVERY: Final = Duration.minutes(1)  # as often as a rule can; a watermark is as old


class Upkeep(Construct):
    """Two functions that nobody calls but the clock."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        layer: DependencyLayer,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._online = online
        self._offline = offline
        self._layer = layer
        self.maintenance = self._maintenance()
        self.heartbeat = self._heartbeat()

    def _maintenance(self) -> PythonFunction:
        config, bucket = self._config, self._offline.bucket
        settings = MaintenanceSettings(
            registry_table=self._online.registry.table_name,
            offline_bucket=bucket.bucket_name,
            snapshot_days=config.offline.snapshot_days,
            pinned_days=config.offline.pinned_snapshot_days,
            orphan_hours=config.offline.orphan_hours,
        )
        function = self._function(
            "Maintenance", "maintenance", settings, config.offline.memory_mb, Duration.minutes(15)
        )
        allow_registry(function, self._online, REGISTRY_LISTER)
        allow_tables(
            function, database=config.database_name, scope=Stack.of(self), actions=TABLE_WRITER
        )
        bucket.allow_data(function, *config.other_buckets(Stack.of(self)))
        bucket.allow_prefix(
            function,
            ["s3:GetObject"],
            TRAINING_SETS,
            reason="each training set's manifest names the snapshots that must stay",
        )
        self._every(_MAINTENANCE_EVERY, "offline tables merged, expired, swept", function)
        return function

    def _heartbeat(self) -> PythonFunction:
        records = self._online.records
        stream = records.table_stream_arn
        if stream is None:
            raise ValueError(f"{records.node.path} has no stream")
        settings = HeartbeatSettings(
            registry_table=self._online.registry.table_name,
            records_table=records.table_name,
            records_stream=stream,
        )
        function = self._function("Heartbeat", "heartbeat", settings, 256, Duration.seconds(50))
        allow_registry(function, self._online, REGISTRY_NOTER)
        allow(function, ["dynamodb:PutItem"], [records.table_arn])
        allow(
            function,
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            [stream],
        )
        allow_table_key(function, self._online.key)
        self._every(_HEARTBEAT_EVERY, "a heartbeat through the records' stream", function)
        return function

    def _function(
        self, construct_id: str, name: str, settings: Settings, memory_mb: int, timeout: Duration
    ) -> PythonFunction:
        return PythonFunction(
            self,
            construct_id,
            config=self._config,
            program=Program(name=name, settings=settings, memory_mb=memory_mb, timeout=timeout),
            layer=self._layer,
        )

    def _every(self, period: Duration, what: str, function: PythonFunction) -> None:
        events.Rule(
            self,
            f"{function.node.id}Schedule",
            description=f"Larder: {what}",
            schedule=events.Schedule.rate(period),
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
