"""Feature pipelines: one state machine, its two functions, and a schedule for each pipeline."""

from pathlib import Path
from typing import Final

from aws_cdk import CfnOutput, Duration, Stack, Stage
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from larder.bucket_folders import CONSISTENCY, INGEST, LINEAGE, PIPELINES, PREDICTIONS, RESULTS
from larder.declared.files import load_pipelines
from larder.pipelines.adapters.documents import to_json
from larder.pipelines.definition import Pipeline
from larder.pipelines.dialects import spark_texts
from larder.pipelines.lineage.columns import column_lineage, with_instants
from larder.pipelines.runs.spark import START_MINUTES, may_use_spark
from larder.pipelines.source_files import over_files, table_of_files
from larder.settings.pipelines import PipelinePublisherSettings, PipelinesSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import BULK, OFFLINE, DependencyLayer
from stacks.constructs.file_table import file_table
from stacks.constructs.glue_access import TABLE_WRITER
from stacks.constructs.offline_bucket import OfflineBucket
from stacks.constructs.permissions import allow, allow_items
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.scheduled import Target, every_five_minutes, expression, scheduled
from stacks.constructs.state_machine import machine_role, steps_machine
from stacks.feature_tables import allow_feature_tables
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.pipeline_machine import Spark, definition
from stacks.registry_access import REGISTRY_READER, allow_registry
from stacks.source_access import TABLE_READER, allow_folder, allow_history, allow_sources
from stacks.spark_job import SparkJob
from stacks.states import LONGEST_CALL

_LEDGER: Final = ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
_QUERIES: Final = ("athena:GetQueryExecution", "athena:StartQueryExecution")
_BULK_ITEMS: Final = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_WHOLE_FILES: Final = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
_RECORD_READER: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem")
_RUN_JOB: Final = (
    "glue:BatchStopJobRun",
    "glue:GetJobRun",
    "glue:GetJobRuns",
    "glue:StartJobRun",
)
_LOGGED: Final = "each step is logged by its function, and the ledger keeps causes"


class PipelinesStack(Stack):
    """``steps`` reads events and keeps the ledger; ``publisher`` alone writes the stores.

    Without pipelines the machine is there and nothing calls it: it costs nothing while idle. So a
    first definition adds a schedule, and takes no new stack.
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
        self._config, self._online, self._offline = config, online, offline
        pipelines = load_pipelines(config.definitions)
        layer = DependencyLayer(self, "Offline", recipe=OFFLINE, target=config.target)
        # both compute on this side with DuckDB: one checks rows, the other one sorts them
        bulk = DependencyLayer(self, "Bulk", recipe=BULK, target=config.target)
        least = config.pipelines.spark_from_bytes
        self._on_spark = [each for each in pipelines if may_use_spark(each, least)]
        self.steps = self._steps(pipelines, layer)
        self.publisher = self._publisher(layer)
        for function in (self.steps, self.publisher):
            function.add_layers(bulk)
        self.machine = self._machine()
        self.declared = pipelines
        self._tables_of_files(pipelines)
        self._schedule(pipelines)
        self._schedule_comparing(pipelines)
        self._schedule_freshness(pipelines)
        CfnOutput(self, "PipelinesStateMachineArn", value=self.machine.state_machine_arn)

    def _steps(self, pipelines: list[Pipeline], layer: DependencyLayer) -> PythonFunction:
        offline, config = self._offline, self._config.pipelines
        asset = Asset(self, "Pipelines", path=str(self._write(pipelines)))
        self.definitions = asset.s3_object_url
        settings = PipelinesSettings(
            registry_table=self._online.registry.table_name,
            offline_bucket=offline.bucket.bucket_name,
            glue_database=offline.database.database_name,
            workgroup=offline.work_group.name,
            definitions_bucket=asset.s3_bucket_name,
            definitions_key=asset.s3_object_key,
            records_table=self._online.records.table_name,
            account_id=self.account,
            region=self.region,
            partition=self.partition,
            spark_minutes=config.spark_minutes if self._on_spark else 0,
            spark_from_bytes=config.spark_from_bytes or 0,
        )
        function = self._function("Steps", "pipelines", settings, layer)
        allow(function, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
        allow_items(function, _LEDGER, [self._online.registry.table_arn], self._online.key)
        work_group = self.format_arn(
            service="athena", resource="workgroup", resource_name=offline.work_group.name
        )
        allow(function, _QUERIES, [work_group])
        _allow_files(function, offline.bucket)
        self._allow_events(function, pipelines)
        if any(each.consistency for each in pipelines):
            self._allow_comparing(function)
        return function

    def _allow_events(self, function: PythonFunction, pipelines: list[Pipeline]) -> None:
        """Reading what the definitions name: tables, folders of files and groups' histories."""
        bucket, buckets = self._offline.bucket, self._config.pipelines.source_buckets
        read = [over_files(each, self._files_database) for each in pipelines]
        allow_sources(function, bucket, read, buckets)
        sources = [each.source for each in pipelines]
        for folder in sorted({each.files for each in sources if each.files}):
            allow_folder(function, folder)
        for group in sorted({each.group for each in sources if each.group}):
            allow_history(function, bucket, self._config, group)

    def _allow_comparing(self, function: PythonFunction) -> None:
        """What a consistency check reads beside sources, and where its reports lie."""
        online, bucket = self._online, self._offline.bucket
        allow_registry(function, online, REGISTRY_READER)
        allow_items(function, _RECORD_READER, [online.records.table_arn], online.key)
        allow_feature_tables(function, self._config, self._offline, TABLE_READER, reads=True)
        bucket.allow_prefix(
            function, ["s3:PutObject"], CONSISTENCY, reason="each report is an object of its own"
        )

    @property
    def _files_database(self) -> str:
        """The database of the tables over files that definitions name."""
        return f"{self._config.database_name}_files"

    def _tables_of_files(self, pipelines: list[Pipeline]) -> None:
        tables = [table for each in pipelines if (table := table_of_files(each)) is not None]
        if not tables:
            return
        told = "Files of events that feature pipelines read, a table for each pipeline"
        named = glue.CfnDatabase.DatabaseInputProperty(name=self._files_database, description=told)
        database = glue.CfnDatabase(
            self, "FilesDatabase", catalog_id=self.account, database_input=named
        )
        scope = Construct(self, "Files")
        for each in tables:
            made = file_table(scope, each, database=self._files_database)
            made.add_dependency(database)

    def _publisher(self, layer: DependencyLayer) -> PythonFunction:
        online, offline = self._online, self._offline
        settings = PipelinePublisherSettings(
            registry_table=online.registry.table_name,
            records_table=online.records.table_name,
            account_id=self.account,
            region=self.region,
            partition=self.partition,
            offline_bucket=offline.bucket.bucket_name,
        )
        function = self._function("Publisher", "pipeline_publisher", settings, layer)
        allow_registry(function, online, REGISTRY_READER)
        allow_items(function, _BULK_ITEMS, [online.records.table_arn], online.key)
        allow_feature_tables(function, self._config, offline, TABLE_WRITER)
        bucket = offline.bucket
        for folder in (PIPELINES, PREDICTIONS):
            bucket.allow_prefix(function, ["s3:GetObject"], folder, reason="rows that a run staged")
        bucket.allow_prefix(
            function, ["s3:GetObject", "s3:PutObject"], INGEST, reason="how far each run has come"
        )
        return function

    def _function(
        self,
        construct_id: str,
        name: str,
        settings: PipelinesSettings | PipelinePublisherSettings,
        layer: DependencyLayer,
    ) -> PythonFunction:
        program = Program(
            name=name,
            settings=settings,
            memory_mb=self._config.offline.memory_mb,
            timeout=Duration.seconds(LONGEST_CALL),
        )
        return PythonFunction(
            self,
            construct_id,
            config=self._config,
            program=program,
            layer=layer,
        )

    def _machine(self) -> sfn.StateMachine:
        role = machine_role(self, [self.steps, self.publisher])
        steps, publisher = self.steps.function_arn, self.publisher.function_arn
        spark = self._spark(role) if self._on_spark else None
        return steps_machine(
            self,
            role,
            definition(steps, publisher, spark),
            timeout=Duration.days(7),
            logged=_LOGGED,
        )

    def _spark(self, role: iam.Role) -> Spark:
        """The Spark job, which ``role`` may run."""
        choices = self._config.pipelines
        job = SparkJob(
            self,
            "Spark",
            bucket=self._offline.bucket,
            choices=choices,
            pipelines=self._on_spark,
        )
        allow(role, _RUN_JOB, [job.job_arn])
        return Spark(job.job_name, 60 * (choices.spark_minutes + START_MINUTES))

    def _schedule(self, pipelines: list[Pipeline]) -> None:
        """A schedule only says look: a look that is missed or doubled costs nothing."""
        looked = [each for each in pipelines if each.schedule.every or each.schedule.cron]
        if not looked:
            return
        service = iam.ServicePrincipal("scheduler.amazonaws.com")
        role = iam.Role(self, "ScheduleRole", assumed_by=service)
        allow(role, ["states:StartExecution"], [self.machine.state_machine_arn])
        # in a scope of its own: without its hyphens a name may be another group's
        scope = Construct(self, "Look")
        for each in looked:
            scheduled(
                scope,
                each.group,
                Target(
                    arn=self.machine.state_machine_arn,
                    role_arn=role.role_arn,
                    given=self.to_json_string({"pipeline": each.group}),
                ),
                description=f"Larder: looks for intervals of {each.group} that are due",
                expression=expression(each.schedule.every, each.schedule.cron),
                timezone=each.schedule.timezone,
            )

    def _schedule_comparing(self, pipelines: list[Pipeline]) -> None:
        compared = [each for each in pipelines if each.consistency]
        if not compared:
            return
        service = iam.ServicePrincipal("scheduler.amazonaws.com")
        role = iam.Role(self, "CompareRole", assumed_by=service)
        allow(role, ["lambda:InvokeFunction"], [self.steps.function_arn])
        scope = Construct(self, "Compare")
        for each in compared:
            assert each.consistency is not None  # noqa: S101 (they were chosen by it)
            scheduled(
                scope,
                each.group,
                Target(
                    arn=self.steps.function_arn,
                    role_arn=role.role_arn,
                    given=self.to_json_string({"step": "consistency", "pipeline": each.group}),
                ),
                description=f"Larder: compares stores, history and source of {each.group}",
                expression=expression(each.consistency.every, None),
            )

    def _schedule_freshness(self, pipelines: list[Pipeline]) -> None:
        """A schedule of its own reports the age of data, so that a stopped pipeline alarms."""
        if not any(each.freshness for each in pipelines):
            return
        every_five_minutes(
            self,
            "Freshness",
            self.steps,
            {"step": "freshness"},
            description="Larder: tells how old the data of feature pipelines are",
        )

    def _write(self, pipelines: list[Pipeline]) -> Path:
        stage = Stage.of(self)
        folder = Path(stage.asset_outdir if stage is not None else "cdk.out")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "pipelines.json"
        columns = {each.group: column_lineage(each) for each in pipelines}
        read = [over_files(with_instants(each), self._files_database) for each in pipelines]
        spark = {each.group: spark_texts(each) for each in self._on_spark}
        path.write_bytes(to_json(read, columns, spark))
        return path


def _allow_files(function: PythonFunction, bucket: OfflineBucket) -> None:
    """What Athena does with the caller's rights: staged rows and a query's results; and lineage."""
    for folder, reason in (
        (PIPELINES, "rows of each run are staged in a folder of its own"),
        (RESULTS, "Athena writes the list of what a query wrote there"),
    ):
        bucket.allow_prefix(function, _WHOLE_FILES, folder, reason=reason)
    bucket.allow_prefix(
        function, ["s3:PutObject"], LINEAGE, reason="each event of a run is an object"
    )
    allow(function, ["s3:GetBucketLocation", "s3:ListBucket"], [bucket.bucket_arn])
