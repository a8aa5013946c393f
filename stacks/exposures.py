"""Exposures: what follows the inference function's log into a table, data capture and shadows."""

from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from larder.bucket_folders import EXPOSURES, STAGING
from larder.settings.exposure_writer import ExposureWriterSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import OFFLINE, DependencyLayer
from stacks.constructs.glue_access import TABLE_MAKER
from stacks.constructs.permissions import allow, allow_pattern
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.schedule import Schedule
from stacks.models import ModelsStack, capture_places
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_LEASER, allow_registry

# The kind that each exposure line has; ``larder.models.exposure`` writes it.
_PATTERN: Final = '{ $.kind = "exposure" }'
_TABLE: Final = "exposures"
_EVERY: Final = Duration.hours(1)
_OBJECTS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
)


class ExposuresStack(Stack):
    """``writer`` gets the lines from a subscription of the log: inference calls nothing for it.

    It reads no record and no model. Of the catalog it may touch one table.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        models: ModelsStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.writer = self._writer(config, online, offline, models)
        allow_registry(self.writer, online, REGISTRY_LEASER)
        allow(self.writer, ["lambda:InvokeFunction"], [models.invoked.function_arn])
        self._allow_table(offline)
        self._allow_captures(config)
        self._subscribe(models)
        self.schedules = (
            Schedule(
                self,
                "ExposuresSchedule",
                function=self.writer,
                every=_EVERY,
                description="parked exposures written, their table merged and expired",
            ),
        )
        CfnOutput(self, "ExposureWriterFunctionName", value=self.writer.function_name)

    def _writer(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        models: ModelsStack,
    ) -> PythonFunction:
        own = offline.bucket.bucket_name
        settings = ExposureWriterSettings(
            registry_table=online.registry.table_name,
            offline_bucket=own,
            glue_database=offline.database.database_name,
            inference_function=models.invoked.function_arn,
            capture_below=capture_places(config, own),
            snapshot_days=config.offline.snapshot_days,
            orphan_hours=config.offline.orphan_hours,
        )
        return PythonFunction(
            self,
            "ExposureWriter",
            config=config,
            program=Program(
                name="exposure_writer",
                settings=settings,
                memory_mb=config.offline.memory_mb,
                timeout=Duration.minutes(5),
            ),
            layer=DependencyLayer(self, "Offline", recipe=OFFLINE, target=config.target),
        )

    def _allow_table(self, offline: OfflineStoreStack) -> None:
        """Its own table of the catalog, and its own folders of the bucket."""
        prefix = self.format_arn(service="glue", resource="")
        database = offline.database.database_name
        places = ("catalog", f"database/{database}", f"table/{database}/{_TABLE}")
        allow(self.writer, TABLE_MAKER, [f"{prefix}{place}" for place in places])
        offline.bucket.allow_prefix(
            self.writer,
            _OBJECTS,
            EXPOSURES,
            reason="the table's files, captured data and what waits are named as they are written",
        )
        offline.bucket.allow_prefix(
            self.writer,
            ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"],
            f"{STAGING}{_TABLE}/",
            reason="rows that wait for one commit of the table by the writer that is next",
        )
        # Without it S3 answers 403 where it should say 404, and Arrow can't tell a new file.
        allow(self.writer, ["s3:ListBucket"], [offline.bucket.bucket_arn])

    def _allow_captures(self, config: StageConfig) -> None:
        for name in config.models.capture_buckets:
            shown = name.replace(self.region, "<AWS::Region>")
            shown = shown.replace(self.account, "<AWS::AccountId>")
            allow_pattern(
                self.writer,
                ["s3:PutObject"],
                {f"arn:{self.partition}:s3:::{name}/*": f"arn:<AWS::Partition>:s3:::{shown}/*"},
                reason="the stage lets data capture write to this bucket",
            )

    def _subscribe(self, models: ModelsStack) -> None:
        group = models.inference.log_group
        self.writer.add_permission(
            "FromLogs",
            principal=iam.ServicePrincipal("logs.amazonaws.com"),
            source_arn=group.log_group_arn,
            source_account=self.account,
        )
        subscription = logs.CfnSubscriptionFilter(
            self,
            "Subscription",
            log_group_name=group.log_group_name,
            filter_pattern=_PATTERN,
            destination_arn=self.writer.function_arn,
        )
        # CloudWatch Logs tries the function when the subscription is made.
        subscription.node.add_dependency(self.writer.node.find_child("FromLogs"))
