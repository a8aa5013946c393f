"""Trainings: one state machine, its two functions, and what begins each training's runs."""

import json
from pathlib import Path
from typing import Final

from aws_cdk import ArnFormat, CfnOutput, Duration, Stack, Stage
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from larder.bucket_folders import MODEL_DATA, MODELS, RESULTS, TRAINING_SETS, TRAININGS
from larder.declared.trainings import load_trainings
from larder.settings.trainings import ModelComparisonSettings, TrainingsSettings
from larder.trainings.adapters.documents import to_json
from larder.trainings.definition import StepKind, Training
from larder.trainings.runs import Trigger
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import ARRAYS, BULK, INFERENCE, OFFLINE, DependencyLayer
from stacks.constructs.permissions import allow, allow_pattern
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.scheduled import Target, expression, scheduled
from stacks.constructs.state_machine import machine_role, steps_machine
from stacks.models import ModelsStack
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.pipelines import PipelinesStack
from stacks.registry_access import REGISTRY_READER, REGISTRY_WRITER, allow_registry
from stacks.source_access import allow_history, allow_source_tables
from stacks.states import LONGEST_CALL
from stacks.training_machine import definition

_QUERIES: Final = (
    "athena:GetQueryExecution",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_LABEL_TABLES: Final = ("glue:CreateTable", "glue:DeleteTable", "glue:GetTable")
_FILES: Final = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
_SET_FILES: Final = (*_FILES, "s3:DeleteObject")
_RUN_JOB: Final = (
    "glue:BatchStopJobRun",
    "glue:GetJobRun",
    "glue:GetJobRuns",
    "glue:StartJobRun",
)
_STORAGE_MB: Final = 4_096
_LOGGED: Final = "each step is logged by its function, and the ledger keeps causes"


class TrainingsStack(Stack):
    """``steps`` builds sets and registers models; ``comparing`` scores candidates and champions.

    Without trainings the machine is there and nothing calls it: it costs nothing while idle.
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
        pipelines: PipelinesStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self._config, self._online, self._offline = config, online, offline
        known = frozenset(each.group for each in pipelines.declared)
        self.declared = load_trainings(
            config.trainings, known, two_persons=config.models.two_persons
        )
        self.steps = self._steps(models)
        self.comparing = self._comparing()
        self.machine = self._machine()
        self._schedule()
        self._listen(pipelines)
        CfnOutput(self, "TrainingsStateMachineArn", value=self.machine.state_machine_arn)

    def _steps(self, models: ModelsStack) -> PythonFunction:
        asset = Asset(self, "Trainings", path=str(self._write()))
        self.definitions = asset.s3_object_url
        function = PythonFunction(
            self,
            "TrainingSteps",
            config=self._config,
            program=Program(
                name="trainings",
                settings=self._settings(models, asset),
                memory_mb=self._config.offline.memory_mb,
                timeout=Duration.seconds(LONGEST_CALL),
                storage_mb=_STORAGE_MB,
            ),
            layer=DependencyLayer(self, "Offline", recipe=OFFLINE, target=self._config.target),
        )
        function.add_layers(
            DependencyLayer(self, "Arrays", recipe=ARRAYS, target=self._config.target)
        )
        allow(function, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
        allow(function, ["lambda:InvokeFunction"], [models.importer.function_arn])
        allow_registry(function, self._online, REGISTRY_WRITER)
        self._allow_sets(function)
        return function

    def _settings(self, models: ModelsStack, asset: Asset) -> TrainingsSettings:
        offline, online = self._offline, self._online
        return TrainingsSettings(
            registry_table=online.registry.table_name,
            account_id=self.account,
            region=self.region,
            partition=self.partition,
            offline_bucket=offline.bucket.bucket_name,
            glue_database=offline.database.database_name,
            workgroup=offline.work_group.name,
            definitions_bucket=asset.s3_bucket_name,
            definitions_key=asset.s3_object_key,
            import_function=models.importer.function_arn,
            kms_key_arn=online.key.key_arn,
        )

    def _allow_sets(self, function: PythonFunction) -> None:
        """What Athena does with the caller's rights: labels and histories, and their join."""
        offline, bucket = self._offline, self._offline.bucket
        name = offline.work_group.name
        work_group = self.format_arn(service="athena", resource="workgroup", resource_name=name)
        allow(function, _QUERIES, [work_group])
        for folder, actions, reason in (
            (TRAINING_SETS, _SET_FILES, "each set's files lie in a folder of its own"),
            (TRAININGS, _FILES, "each run's rows and reports lie in a folder of its own"),
            (RESULTS, _FILES, "Athena writes the list of what a query wrote there"),
            (MODEL_DATA, ("s3:GetObject",), "a training step's model is looked for there"),
        ):
            bucket.allow_prefix(function, actions, folder, reason=reason)
        allow(function, ["s3:GetBucketLocation", "s3:ListBucket"], [bucket.bucket_arn])
        for group in sorted({part.group for each in self.declared for part in each.groups}):
            allow_history(function, bucket, self._config, group)
        self._allow_label_tables(function)

    def _allow_label_tables(self, function: PythonFunction) -> None:
        """Read the tables of labels, and make those that exist while a join runs."""
        prefix = self.format_arn(service="glue", resource="")
        database = self._config.database_name
        allow(function, _LABEL_TABLES, [f"{prefix}catalog", f"{prefix}database/{database}"])
        table = f"table/{database}/tmp_labels_*"  # noqa: S108 - of Glue
        printed = f"arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:{table}"
        reason = "a join's labels are a table while it runs, whose name is new each time"
        allow_pattern(function, _LABEL_TABLES, {f"{prefix}{table}": printed}, reason=reason)
        tables = sorted({name for each in self.declared for name in each.labels.tables})
        buckets = self._config.pipelines.source_buckets
        allow_source_tables(function, self._offline.bucket, tables, buckets)

    def _comparing(self) -> PythonFunction:
        offline, online = self._offline, self._online
        function = PythonFunction(
            self,
            "Comparing",
            config=self._config,
            program=Program(
                name="model_comparison",
                settings=ModelComparisonSettings(
                    registry_table=online.registry.table_name,
                    offline_bucket=offline.bucket.bucket_name,
                    region=self.region,
                    partition=self.partition,
                ),
                memory_mb=self._config.models.comparison_memory_mb,
                timeout=Duration.seconds(LONGEST_CALL),
                storage_mb=_STORAGE_MB,
            ),
            layer=DependencyLayer(self, "Inference", recipe=INFERENCE, target=self._config.target),
        )
        function.add_layers(DependencyLayer(self, "Bulk", recipe=BULK, target=self._config.target))
        self._allow_comparing(function)
        return function

    def _allow_comparing(self, function: PythonFunction) -> None:
        allow_registry(function, self._online, REGISTRY_READER)
        bucket = self._offline.bucket
        bucket.allow_prefix(
            function, ["s3:GetObject"], MODELS, reason="a model's file is named by its SHA-256"
        )
        bucket.allow_prefix(
            function,
            ["s3:GetObject", "s3:PutObject"],
            TRAININGS,
            reason="each run's rows and report lie in a folder of its own",
        )
        allow(function, ["s3:ListBucket"], [bucket.bucket_arn])

    def _machine(self) -> sfn.StateMachine:
        used = (self.steps, self.comparing)
        role = machine_role(self, used)
        steps, comparing = (each.function_arn for each in used)
        named = sorted({self._arn_of(each) for each in self.declared if not _is_job(each)})
        if named:
            allow(role, ["lambda:InvokeFunction"], named)
        jobs = sorted({self._arn_of(each) for each in self.declared if _is_job(each)})
        if jobs:
            allow(role, _RUN_JOB, jobs)
        return steps_machine(
            self,
            role,
            definition(steps, comparing),
            timeout=Duration.days(3),
            logged=_LOGGED,
        )

    def _arn_of(self, training: Training) -> str:
        """The ARN of what trains."""
        name = training.step.name
        if name.startswith("arn:"):
            return name
        if _is_job(training):
            return self.format_arn(service="glue", resource="job", resource_name=name)
        return self.format_arn(
            service="lambda",
            resource="function",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _schedule(self) -> None:
        """A schedule says that a run is due; one that comes while a run goes on begins none."""
        due = [each for each in self.declared if each.triggers.schedule]
        if not due:
            return
        service = iam.ServicePrincipal("scheduler.amazonaws.com")
        role = iam.Role(self, "ScheduleRole", assumed_by=service)
        allow(role, ["states:StartExecution"], [self.machine.state_machine_arn])
        scope = Construct(self, "Run")
        for each in due:
            schedule = each.triggers.schedule
            assert schedule is not None  # noqa: S101 (they were chosen by it)
            scheduled(
                scope,
                each.name,
                Target(
                    arn=self.machine.state_machine_arn,
                    role_arn=role.role_arn,
                    given=json.dumps(_asked(each, Trigger.SCHEDULE)),
                ),
                description=f"Larder: runs training {each.name}",
                expression=expression(schedule.every, schedule.cron),
                timezone=schedule.timezone,
            )

    def _listen(self, pipelines: PipelinesStack) -> None:
        """Rules on events of AWS: executions that succeeded, and alarms that went off."""
        heard = [each for each in self.declared if each.triggers.new_data or each.triggers.alarms]
        if not heard:
            return
        service = iam.ServicePrincipal("events.amazonaws.com")
        role = iam.Role(self, "EventsRole", assumed_by=service)
        allow(role, ["states:StartExecution"], [self.machine.state_machine_arn])
        for each in heard:
            if each.triggers.new_data:
                pattern = published_by(pipelines.machine.state_machine_arn, each.triggers.new_data)
                self._rule(role, each, Trigger.NEW_DATA, pattern)
            if each.triggers.alarms:
                self._rule(role, each, Trigger.ALARM, gone_off(each.triggers.alarms))

    def _rule(
        self, role: iam.Role, training: Training, trigger: Trigger, pattern: dict[str, object]
    ) -> None:
        kind = "".join(part.title() for part in trigger.split("_"))
        events.CfnRule(
            Construct(self, f"On{kind}-{training.name}"),
            "Rule",
            description=f"Larder: runs training {training.name} by {trigger}",
            event_pattern=pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    arn=self.machine.state_machine_arn,
                    id="Machine",
                    role_arn=role.role_arn,
                    input=json.dumps(_asked(training, trigger)),
                )
            ],
        )

    def _write(self) -> Path:
        stage = Stage.of(self)
        folder = Path(stage.asset_outdir if stage is not None else "cdk.out")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "trainings.json"
        path.write_bytes(to_json(self.declared))
        return path


def published_by(machine: str, pipelines: tuple[str, ...]) -> dict[str, object]:
    """The pattern of executions of the pipelines' machine that succeeded, of these pipelines.

    An execution's input is a text of JSON; Larder's schedules and commands write it without spaces.
    """
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["SUCCEEDED"],
            "stateMachineArn": [machine],
            "input": [{"wildcard": f'*"pipeline":"{each}"*'} for each in pipelines],
        },
    }


def gone_off(alarms: tuple[str, ...]) -> dict[str, object]:
    """The pattern of these alarms of CloudWatch, as they go to ALARM; ``*`` is any text."""
    names = [{"wildcard": each} if "*" in each else each for each in alarms]
    return {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": names, "state": {"value": ["ALARM"]}},
    }


def _asked(training: Training, trigger: Trigger) -> dict[str, str]:
    return {"training": training.name, "trigger": str(trigger)}


def _is_job(training: Training) -> bool:
    return training.step.kind is StepKind.JOB
