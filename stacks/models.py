"""Models: the function that takes them in, and the one that all endpoints share."""

from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from larder.bucket_folders import EXPOSURES, MODEL_DATA, MODELS
from larder.settings.inference import InferenceSettings
from larder.settings.model_import import ModelImportSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import INFERENCE, DependencyLayer
from stacks.constructs.permissions import allow, allow_items, allow_pattern
from stacks.constructs.python_function import Program, PythonFunction
from stacks.data_plane import runtime_settings
from stacks.memory.store import MemoryStoreStack
from stacks.model_deployments import ModelDeployments, allow_alarms
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.principals import patterns_of
from stacks.registry_access import REGISTRY_READER, allow_registry
from stacks.runtime_start import live_alias

# Control waits 25 s at most, and the API 30 s.
_IMPORT_TIME: Final = Duration.seconds(22)
_INVOCATION_TIME: Final = Duration.seconds(29)
# an archive, what is in it, and its files converted: 512 MB each
_IMPORT_STORAGE_MB: Final = 2_048
_RECORD_READER: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem")


def capture_places(config: StageConfig, bucket: str) -> tuple[str, ...]:
    """Addresses below which data capture may write, each ending in a slash."""
    others = (f"s3://{name}/" for name in config.models.capture_buckets)
    return (f"s3://{bucket}/{EXPOSURES}captures/", *others)


class ModelsStack(Stack):
    """``importer`` parses what strangers wrote; ``inference`` reads its copies and the stores.

    So the two are apart: the one has no records to leak, the other can write nothing but its log.
    ``invoked`` is the alias by which endpoints are invoked. ``deployments`` moves their traffic.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        memory: MemoryStoreStack | None = None,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        layer = DependencyLayer(self, "InferenceLayer", recipe=INFERENCE, target=config.target)
        self.importer = self._importer(config, online, offline, layer)
        self.inference = self._inference(config, online, offline, memory, layer)
        self.invoked = live_alias(self.inference)
        self.deployments = ModelDeployments(self, "Deployments", config=config, online=online)
        CfnOutput(self, "ModelImportFunctionName", value=self.importer.function_name)
        CfnOutput(self, "InferenceFunctionName", value=self.inference.function_name)
        function, machine = self.deployments.function, self.deployments.machine
        CfnOutput(self, "ModelDeploymentFunctionName", value=function.function_name)
        CfnOutput(self, "ModelDeploymentMachineArn", value=machine.attr_arn)

    def allow_control(self, control: PythonFunction) -> None:
        """Take models in, warm them up, and begin updates of endpoints."""
        allow(control, ["lambda:InvokeFunction"], [self.importer.function_arn])
        allow(control, ["lambda:InvokeFunction"], [self.invoked.function_arn])
        allow(control, ["states:StartExecution"], [self.deployments.machine.attr_arn])
        allow_alarms(control)

    def _importer(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        layer: DependencyLayer,
    ) -> PythonFunction:
        buckets = (*config.models.buckets, *config.other_buckets(self))
        function = PythonFunction(
            self,
            "ModelImport",
            config=config,
            program=Program(
                name="model_import",
                settings=self._import_settings(config, online, offline, buckets),
                memory_mb=config.models.import_memory_mb,
                timeout=_IMPORT_TIME,
                storage_mb=_IMPORT_STORAGE_MB,
            ),
            layer=layer,
        )
        allow_registry(function, online, REGISTRY_READER)
        self._allow_artefacts(function, offline, buckets)
        return function

    def _import_settings(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        buckets: tuple[str, ...],
    ) -> ModelImportSettings:
        own = offline.bucket.bucket_name
        return ModelImportSettings(
            registry_table=online.registry.table_name,
            account_id=self.account,
            region=self.region,
            partition=self.partition,
            models_bucket=own,
            readable=(f"s3://{own}/{MODEL_DATA}", *(f"s3://{name}/" for name in buckets)),
            administrators=patterns_of(self, config.access.administrators),
            missing_grants_deny=int(config.missing_grants_deny),
        )

    def _allow_artefacts(
        self, function: PythonFunction, offline: OfflineStoreStack, buckets: tuple[str, ...]
    ) -> None:
        """Read where people upload models, and write the copies that endpoints read."""
        bucket = offline.bucket
        bucket.allow_prefix(
            function, ["s3:GetObject"], MODEL_DATA, reason="people name what they upload"
        )
        bucket.allow_prefix(
            function, ["s3:PutObject"], MODELS, reason="a model's file is named by its SHA-256"
        )
        # Without the right to list, S3 answers 403 where it should say 404.
        allow(function, ["s3:ListBucket"], [bucket.bucket_arn])
        for name in buckets:
            arn = f"arn:{self.partition}:s3:::{name}"
            shown = name.replace(self.region, "<AWS::Region>")
            shown = shown.replace(self.account, "<AWS::AccountId>")
            allow_pattern(
                function,
                ["s3:GetObject"],
                {f"{arn}/*": f"arn:<AWS::Partition>:s3:::{shown}/*"},
                reason="the stage lets models be read from this bucket",
            )
            allow(function, ["s3:ListBucket"], [arn])

    def _inference(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        memory: MemoryStoreStack | None,
        layer: DependencyLayer,
    ) -> PythonFunction:
        function = PythonFunction(
            self,
            "Inference",
            config=config,
            program=Program(
                name="inference",
                settings=self._inference_settings(config, online, offline, memory),
                memory_mb=config.models.inference_memory_mb,
                timeout=_INVOCATION_TIME,
                concurrency=config.models.inference_concurrency,
            ),
            layer=layer,
            vpc_access=memory.access if memory else None,
        )
        if memory is not None:
            memory.allow_connect(function)
        allow_registry(function, online, REGISTRY_READER)
        allow_items(function, _RECORD_READER, [online.records.table_arn], online.key)
        offline.bucket.allow_prefix(
            function, ["s3:GetObject"], MODELS, reason="a model's file is named by its SHA-256"
        )
        return function

    def _inference_settings(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        memory: MemoryStoreStack | None,
    ) -> InferenceSettings:
        return InferenceSettings(
            **vars(runtime_settings(self, config, online, memory)),
            models_bucket=offline.bucket.bucket_name,
        )
