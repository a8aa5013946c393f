"""What keeps the offline store healthy on a schedule: maintenance of tables, and the heartbeat."""

from typing import Final

from aws_cdk import Duration
from constructs import Construct

from larder.bucket_folders import TRAINING_SETS
from larder.settings.base import Settings
from larder.settings.heartbeat import HeartbeatSettings
from larder.settings.maintenance import MaintenanceSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import DependencyLayer
from stacks.constructs.glue_access import TABLE_WRITER
from stacks.constructs.permissions import allow_items
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.schedule import Schedule
from stacks.constructs.stream_consumer import STREAM_READER
from stacks.feature_tables import allow_feature_tables
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_LISTER, REGISTRY_NOTER, allow_registry

_MAINTENANCE_EVERY: Final = Duration.hours(6)
_HEARTBEAT_EVERY: Final = Duration.minutes(1)  # as often as a rule can; a watermark is as old


class Upkeep(Construct):
    """Two functions that a schedule calls, and no one else."""

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
        self.schedules = (
            self._every(
                _MAINTENANCE_EVERY, "offline tables merged, expired, swept", self.maintenance
            ),
            self._every(
                _HEARTBEAT_EVERY, "a heartbeat through the records' stream", self.heartbeat
            ),
        )

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
        allow_feature_tables(function, config, self._offline, TABLE_WRITER)
        bucket.allow_prefix(
            function,
            ["s3:GetObject"],
            TRAINING_SETS,
            reason="each training set's manifest names the snapshots that must stay",
        )
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
        allow_items(function, ["dynamodb:PutItem"], [records.table_arn], self._online.key)
        allow_items(function, STREAM_READER, [stream], self._online.key)
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

    def _every(self, period: Duration, what: str, function: PythonFunction) -> Schedule:
        return Schedule(
            self,
            f"{function.node.id}Schedule",
            function=function,
            every=period,
            description=what,
        )
