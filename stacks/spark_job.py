"""The Spark job of feature pipelines: a Glue job, and what it may do."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from larder.bucket_folders import PIPELINES
from larder.pipelines.definition import Pipeline
from stacks.choices import PipelineChoices
from stacks.constructs.layer_archive import ROOT
from stacks.constructs.offline_bucket import OfflineBucket
from stacks.constructs.permissions import acknowledge, allow, allow_pattern
from stacks.source_access import allow_sources

_SCRIPT: Final = ROOT / "jobs" / "pipeline_spark.py"
_STAGED: Final = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
_LOGS: Final = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_LOGS_IN_THE_CLEAR: Final = (
    "AwsSolutions-GL1",
    "AwsSolutions-GL3",
    "Annotation::@aws-cdk/aws-glue-alpha:unencryptedContinuousLogging",
)
_ICEBERG: Final = "org.apache.iceberg"
_MOST_RUNS: Final = 50
"""A guard against a fault: the ledger decides what runs."""
_ASKED_AT_START: Final = ("default", "global_temp")
"""Databases that Spark looks for when a session begins."""


class SparkJob(glue.PySparkEtlJob):
    """Runs ``jobs/pipeline_spark.py`` on Glue 5.1, which has Spark 3.5.6 and Iceberg 1.10.

    Its role reads the sources of ``pipelines``, and writes where runs stage their rows. The next
    look tries again what failed, so the job itself never does.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: OfflineBucket,
        choices: PipelineChoices,
        pipelines: Sequence[Pipeline],
    ) -> None:
        script = Asset(scope, f"{construct_id}Script", path=str(_SCRIPT))
        role = _role(scope, f"{construct_id}Role", bucket, script)
        databases = _ASKED_AT_START
        allow_sources(role, bucket, pipelines, choices.source_buckets, databases=databases)
        super().__init__(
            scope,
            construct_id,
            # the construct would add rights on the whole bucket of assets
            role=role.without_policy_updates(),
            script=glue.Code.from_bucket(script.bucket, script.s3_object_key),
            description="Larder: computes intervals of feature pipelines",
            glue_version=glue.GlueVersion.V5_1,
            worker_configuration=glue.WorkerConfiguration(
                worker_type=glue.WorkerType.G_1X, number_of_workers=choices.spark_workers
            ),
            default_arguments={
                "--datalake-formats": "iceberg",
                "--enable-glue-datacatalog": "true",
                "--conf": " --conf ".join(_conf(bucket.bucket_name)),
            },
            enable_metrics=False,
            enable_observability_metrics=False,
            max_concurrent_runs=_MOST_RUNS,
            max_retries=0,
            timeout=Duration.minutes(choices.spark_minutes),
        )
        for rule in _LOGS_IN_THE_CLEAR:
            acknowledge(self, rule, "it logs addresses of rows, and has no bookmarks")


def _conf(bucket: str) -> list[str]:
    """Spark's own catalog reads Iceberg tables of Glue, and leaves others to Hive's way."""
    catalog = "spark.sql.catalog.spark_catalog"
    return [
        f"spark.sql.extensions={_ICEBERG}.spark.extensions.IcebergSparkSessionExtensions",
        f"{catalog}={_ICEBERG}.spark.SparkSessionCatalog",
        f"{catalog}.catalog-impl={_ICEBERG}.aws.glue.GlueCatalog",
        f"{catalog}.io-impl={_ICEBERG}.aws.s3.S3FileIO",
        f"{catalog}.warehouse=s3://{bucket}/{PIPELINES}",
    ]


def _role(scope: Construct, construct_id: str, bucket: OfflineBucket, script: Asset) -> iam.Role:
    service = iam.ServicePrincipal("glue.amazonaws.com")
    role = iam.Role(scope, construct_id, assumed_by=service)
    allow(role, ["s3:GetObject"], [script.bucket.arn_for_objects(script.s3_object_key)])
    allow(role, ["s3:GetBucketLocation", "s3:ListBucket"], [bucket.bucket_arn])
    reason = "rows of each run are staged in a folder of its own"
    bucket.allow_prefix(role, _STAGED, PIPELINES, reason=reason)
    groups = "log-group:/aws-glue/jobs/*"
    arn = Stack.of(scope).format_arn(service="logs", resource=groups)
    shown = f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:{groups}"
    allow_pattern(role, _LOGS, {arn: shown}, reason="Glue writes logs of all jobs there")
    return role
