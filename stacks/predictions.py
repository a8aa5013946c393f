"""Predictions: one state machine, the function that scores, and a schedule for each prediction."""

from pathlib import Path
from typing import Final

from aws_cdk import CfnOutput, Duration, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from larder.bucket_folders import MODELS, PREDICTIONS, RESULTS
from larder.declared.predictions import load_predictions
from larder.predictions.adapters.documents import to_json
from larder.settings.predictions import PredictionsSettings
from larder.settings.scoring import ScoringSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import BULK, INFERENCE, OFFLINE, DependencyLayer
from stacks.constructs.permissions import allow, allow_items
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.scheduled import Target, every_five_minutes, expression, scheduled
from stacks.constructs.state_machine import allow_children, machine_role, steps_machine
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.pipelines import PipelinesStack
from stacks.prediction_machine import SHARDS, definition
from stacks.registry_access import REGISTRY_LISTER, REGISTRY_READER, allow_registry
from stacks.source_access import allow_history
from stacks.states import LONGEST_CALL

_LEDGER: Final = ("dynamodb:UpdateItem",)
_QUERIES: Final = ("athena:GetQueryExecution", "athena:StartQueryExecution")
_WHOLE_FILES: Final = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
_SCORING_STORAGE_MB: Final = 2_048
_LOGGED: Final = "each step is logged by its function, and the ledger keeps causes"


class PredictionsStack(Stack):
    """``steps`` keeps the ledger and guards the gate; ``scoring`` scores a shard at a time.

    The pipelines' publisher writes the stores. Without predictions the machine is there and nothing
    calls it: it costs nothing while idle.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        pipelines: PipelinesStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self._config, self._online, self._offline = config, online, offline
        self.declared = load_predictions(config.predictions)
        bulk = DependencyLayer(self, "Bulk", recipe=BULK, target=config.target)
        self.steps = self._steps()
        self.scoring = self._scoring()
        for function in (self.steps, self.scoring):
            function.add_layers(bulk)
        self.machine = self._machine(pipelines.publisher)
        self._schedule()
        self._schedule_freshness()
        CfnOutput(self, "PredictionsStateMachineArn", value=self.machine.state_machine_arn)

    def _steps(self) -> PythonFunction:
        offline, online = self._offline, self._online
        asset = Asset(self, "Predictions", path=str(self._write()))
        self.definitions = asset.s3_object_url
        settings = PredictionsSettings(
            registry_table=online.registry.table_name,
            offline_bucket=offline.bucket.bucket_name,
            glue_database=offline.database.database_name,
            workgroup=offline.work_group.name,
            definitions_bucket=asset.s3_bucket_name,
            definitions_key=asset.s3_object_key,
        )
        function = PythonFunction(
            self,
            "Steps",
            config=self._config,
            program=Program(
                name="predictions",
                settings=settings,
                memory_mb=self._config.offline.memory_mb,
                timeout=Duration.seconds(LONGEST_CALL),
            ),
            layer=DependencyLayer(self, "Offline", recipe=OFFLINE, target=self._config.target),
        )
        allow(function, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
        allow_registry(function, online, REGISTRY_LISTER)
        allow_items(function, _LEDGER, [online.registry.table_arn], online.key)
        self._allow_reading(function)
        return function

    def _allow_reading(self, function: PythonFunction) -> None:
        """What Athena does with the caller's rights: a history's records, and their copies."""
        offline = self._offline
        name = offline.work_group.name
        work_group = self.format_arn(service="athena", resource="workgroup", resource_name=name)
        allow(function, _QUERIES, [work_group])
        for folder, reason in (
            (PREDICTIONS, "what each run works with lies in a folder of its own"),
            (RESULTS, "Athena writes the list of what a query wrote there"),
        ):
            offline.bucket.allow_prefix(function, _WHOLE_FILES, folder, reason=reason)
        allow(function, ["s3:GetBucketLocation", "s3:ListBucket"], [offline.bucket.bucket_arn])
        for source in sorted({each.source for each in self.declared}):
            allow_history(function, offline.bucket, self._config, source)

    def _scoring(self) -> PythonFunction:
        offline, online = self._offline, self._online
        settings = ScoringSettings(
            registry_table=online.registry.table_name,
            offline_bucket=offline.bucket.bucket_name,
            region=self.region,
            partition=self.partition,
        )
        function = PythonFunction(
            self,
            "Scoring",
            config=self._config,
            program=Program(
                name="scoring",
                settings=settings,
                memory_mb=self._config.models.scoring_memory_mb,
                timeout=Duration.seconds(LONGEST_CALL),
                storage_mb=_SCORING_STORAGE_MB,
            ),
            layer=DependencyLayer(self, "Inference", recipe=INFERENCE, target=self._config.target),
        )
        allow_registry(function, online, REGISTRY_READER)
        self._allow_shard_files(function)
        return function

    def _allow_shard_files(self, function: PythonFunction) -> None:
        bucket = self._offline.bucket
        bucket.allow_prefix(
            function, ["s3:GetObject"], MODELS, reason="a model's file is named by its SHA-256"
        )
        bucket.allow_prefix(
            function, _WHOLE_FILES, PREDICTIONS, reason="a shard's records, and its scores"
        )
        allow(function, ["s3:ListBucket"], [bucket.bucket_arn])

    def _machine(self, publisher: PythonFunction) -> sfn.StateMachine:
        used = (self.steps, self.scoring, publisher)
        role = machine_role(self, used)
        steps, scoring, publishing = (each.function_arn for each in used)
        machine = steps_machine(
            self,
            role,
            definition(steps, scoring, publishing),
            timeout=Duration.days(1),
            logged=_LOGGED,
        )
        allow_children(machine, [SHARDS])
        return machine

    def _schedule(self) -> None:
        """A schedule says that a run is due: one that comes twice in a minute finds it taken."""
        looked = [each for each in self.declared if each.schedule.every or each.schedule.cron]
        if not looked:
            return
        service = iam.ServicePrincipal("scheduler.amazonaws.com")
        role = iam.Role(self, "ScheduleRole", assumed_by=service)
        allow(role, ["states:StartExecution"], [self.machine.state_machine_arn])
        scope = Construct(self, "Run")
        for each in looked:
            scheduled(
                scope,
                each.name,
                Target(
                    arn=self.machine.state_machine_arn,
                    role_arn=role.role_arn,
                    given=self.to_json_string({"prediction": each.name}),
                ),
                description=f"Larder: runs prediction {each.name}",
                expression=expression(each.schedule.every, each.schedule.cron),
                timezone=each.schedule.timezone,
            )

    def _schedule_freshness(self) -> None:
        """A schedule of its own reports the age of runs, so that one that stopped alarms."""
        if not any(each.freshness for each in self.declared):
            return
        every_five_minutes(
            self,
            "Freshness",
            self.steps,
            {"step": "freshness"},
            description="Larder: tells how old the newest runs of predictions are",
        )

    def _write(self) -> Path:
        stage = Stage.of(self)
        folder = Path(stage.asset_outdir if stage is not None else "cdk.out")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "predictions.json"
        path.write_bytes(to_json(self.declared))
        return path
