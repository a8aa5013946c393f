"""Transform jobs: one state machine for all of them, and the function that does their steps."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from larder.bucket_folders import MODELS, MONITORING, TRANSFORM_JOBS, TRANSFORMS
from larder.settings.transforms import TransformsSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import INFERENCE, DependencyLayer
from stacks.constructs.offline_bucket import OfflineBucket
from stacks.constructs.permissions import allow, allow_items, allow_pattern
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.state_machine import (
    allow_children,
    allow_executions,
    machine_role,
    steps_machine,
)
from stacks.data_plane import runtime_settings
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_NOTER, allow_registry
from stacks.states import LONGEST_CALL
from stacks.transform_machine import LABELS, definition

_RECORD_READER: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem")
_FILES: Final = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
_LONGEST: Final = Duration.days(2)
_LOGGED: Final = "each step is logged by its function, and the job has its reason"


class TransformsStack(Stack):
    """``function`` reads records where people put them, and writes results beside them.

    ``places`` are the addresses below which it does. Features are read from DynamoDB, whichever
    tier a group has: a job would only push others' records out of the cache.
    """

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
        self._bucket = offline.bucket
        self._buckets = (*config.models.transform_buckets, *config.other_buckets(self))
        own = f"s3://{offline.bucket.bucket_name}/{TRANSFORMS}"
        self.places = (own, *(f"s3://{name}/" for name in self._buckets))
        self.function = self._function(config, online, offline)
        self._allow_files(offline.bucket)
        self.machine = self._machine(offline.bucket)
        CfnOutput(self, "TransformsFunctionName", value=self.function.function_name)
        CfnOutput(self, "TransformsStateMachineArn", value=self.machine.state_machine_arn)

    @property
    def document_places(self) -> tuple[str, ...]:
        """Where documents of monitoring lie: its own folder, and people's places."""
        return f"s3://{self._bucket.bucket_name}/{MONITORING}", *self.places

    def allow_control(self, control: PythonFunction) -> None:
        """Begin with jobs, see which ended from outside, and read documents of monitoring."""
        allow(control, ["states:StartExecution"], [self.machine.state_machine_arn])
        allow_executions(
            control,
            ["states:DescribeExecution"],
            self.machine,
            reason="each job is an execution, and has its name",
        )
        self.allow_places(control, ["s3:GetObject"])
        self._bucket.allow_prefix(
            control, ["s3:GetObject"], MONITORING, reason="baselines and runs are objects"
        )

    def _function(
        self, config: StageConfig, online: OnlineStoreStack, offline: OfflineStoreStack
    ) -> PythonFunction:
        settings = TransformsSettings(
            **vars(runtime_settings(self, config, online, None)),
            models_bucket=offline.bucket.bucket_name,
            places=self.places,
            most_tasks=config.models.transform_concurrency,
        )
        function = PythonFunction(
            self,
            "JobSteps",
            config=config,
            program=Program(
                name="transforms",
                settings=settings,
                memory_mb=config.models.transform_memory_mb,
                timeout=Duration.seconds(LONGEST_CALL),
            ),
            layer=DependencyLayer(self, "InferenceLayer", recipe=INFERENCE, target=config.target),
        )
        allow_registry(function, online, REGISTRY_NOTER)
        allow_items(function, _RECORD_READER, [online.records.table_arn], online.key)
        return function

    def _allow_files(self, bucket: OfflineBucket) -> None:
        function = self.function
        bucket.allow_prefix(
            function, ["s3:GetObject"], MODELS, reason="a model's file is named by its SHA-256"
        )
        bucket.allow_prefix(
            function, _FILES, TRANSFORM_JOBS, reason="each job remembers itself in a folder"
        )
        self.allow_places(function, _FILES)

    def allow_places(self, function: PythonFunction, actions: Sequence[str]) -> None:
        """Let a function do ``actions`` on the objects in ``places``, and list them."""
        bucket = self._bucket
        bucket.allow_prefix(
            function, actions, TRANSFORMS, reason="people name what they put there and ask for"
        )
        allow(function, ["s3:ListBucket"], [bucket.bucket_arn])
        for name in self._buckets:
            arn = f"arn:{self.partition}:s3:::{name}"
            shown = name.replace(self.region, "<AWS::Region>")
            shown = shown.replace(self.account, "<AWS::AccountId>")
            allow_pattern(
                function,
                actions,
                {f"{arn}/*": f"arn:<AWS::Partition>:s3:::{shown}/*"},
                reason="the stage lets transform jobs read and write in this bucket",
            )
            allow(function, ["s3:ListBucket"], [arn])

    def _machine(self, bucket: OfflineBucket) -> sfn.StateMachine:
        role = machine_role(self, [self.function])
        bucket.allow_prefix(
            role, ["s3:GetObject"], TRANSFORM_JOBS, reason="a job's tasks, which a map reads"
        )
        machine = steps_machine(
            self,
            role,
            definition(self.function.function_arn),
            timeout=_LONGEST,
            logged=_LOGGED,
        )
        allow_children(machine, LABELS)
        return machine
