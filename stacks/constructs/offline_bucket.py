"""The offline store's bucket: what lies under which prefix, how long, and who may touch it."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from larder.bucket_folders import (
    CONSISTENCY,
    PREDICTIONS,
    QUARANTINE,
    RESULTS,
    SPILLED,
    STAGING,
    TRANSFORM_JOBS,
)
from stacks.config import StageConfig
from stacks.constructs.permissions import (
    acknowledge,
    allow,
    allow_objects,
)

_DATA_ACTIONS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
)
_REPORT_DAYS: Final = 90
"""Reports name identifiers of records that differ, so they are not kept for good."""
_JOB_DAYS: Final = 30
"""Longer than a transform job runs; after it, what the job remembered is not read again."""


class OfflineBucket(s3.Bucket):
    """A private, versioned bucket under the platform's key, with its access logs in another.

    Nothing empties it: where a stage does not retain data, its owner empties the bucket first.
    Until then CloudFormation refuses to delete it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, key: kms.IKey
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=_lifecycle_of(config),
            server_access_logs_bucket=_access_logs(scope, config),
            removal_policy=config.data_removal_policy,
        )
        self.key = key

    def allow_data(
        self,
        grantee: iam.IGrantable,
        *others: str,
        actions: Sequence[str] = _DATA_ACTIONS,
        folder: str = "",
    ) -> None:
        """Let ``grantee`` keep Iceberg tables here and in the buckets named ``others``.

        Only under SageMaker's offline paths, ``<any prefix>/{account}/sagemaker/{region}/
        offline-store/…``: whatever ``S3Uri`` a group gives, and nothing else of the bucket. With
        ``folder`` only in folders there that are so named, ``?`` being any character.
        """
        stack = Stack.of(self)
        path = f"*{stack.account}/sagemaker/{stack.region}/offline-store/{folder}*"
        printed = f"*<AWS::AccountId>/sagemaker/<AWS::Region>/offline-store/{folder}*"
        patterns = {self.arn_for_objects(path): f"{self._printed_arn}/{printed}"}
        for name in others:
            arn = f"arn:{stack.partition}:s3:::{name}"
            shown = name.replace(stack.region, "<AWS::Region>")
            shown = shown.replace(stack.account, "<AWS::AccountId>")
            patterns[f"{arn}/{path}"] = f"arn:<AWS::Partition>:s3:::{shown}/{printed}"
            allow(grantee, ["s3:ListBucket"], [arn])
        reason = "a group's files are named while it lives"
        allow_objects(grantee, actions, patterns, self.key, reason=reason)
        # Without it S3 answers 403 where it should say 404, and Arrow can't tell a new file.
        allow(grantee, ["s3:ListBucket"], [self.bucket_arn])

    def allow_prefix(
        self, grantee: iam.IGrantable, actions: Sequence[str], prefix: str, *, reason: str
    ) -> None:
        """Let ``grantee`` do ``actions`` on the objects under ``prefix``."""
        patterns = {self.arn_for_objects(f"{prefix}*"): f"{self._printed_arn}/{prefix}*"}
        allow_objects(grantee, actions, patterns, self.key, reason=reason)

    @property
    def _printed_arn(self) -> str:
        # The weak reference by which other stacks know the bucket. Its output's name follows
        # from the bucket's logical id alone, which a test holds for ever.
        where = f'"StackName":"{Stack.of(self).stack_name}","Region":{{"Ref":"AWS::Region"}}'
        name = "PublishOutputFnGetAttBucket83908E77Arn0F129B3B"
        return f'{{"Fn::GetStackOutput":{{{where},"OutputName":"{name}"}}}}'


def _lifecycle_of(config: StageConfig) -> list[s3.LifecycleRule]:
    def expire(prefix: str, days: int) -> s3.LifecycleRule:
        return s3.LifecycleRule(prefix=prefix, expiration=Duration.days(days))

    return [
        s3.LifecycleRule(
            noncurrent_version_expiration=Duration.days(config.data.noncurrent_version_days),
            abort_incomplete_multipart_upload_after=Duration.days(7),
        ),
        expire(RESULTS, config.data.query_result_days),
        expire(CONSISTENCY, _REPORT_DAYS),
        expire(PREDICTIONS, config.data.prediction_days),
        s3.LifecycleRule(
            prefix=TRANSFORM_JOBS,
            expiration=Duration.days(_JOB_DAYS),
            noncurrent_version_expiration=Duration.days(1),
        ),
        expire(QUARANTINE, config.data.failed_batch_days),
        expire(SPILLED, config.data.failed_batch_days),
        # what a writer that died left: its batch was delivered again long before
        s3.LifecycleRule(
            prefix=STAGING,
            expiration=Duration.days(1),
            noncurrent_version_expiration=Duration.days(1),
        ),
    ]


def _access_logs(scope: Construct, config: StageConfig) -> s3.Bucket:
    bucket = s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,  # log delivery can't use a customer's key
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(config.data.access_log_days))],
        removal_policy=config.data_removal_policy,
    )
    acknowledge(bucket, "AwsSolutions-S1", "a bucket of access logs does not log its own")
    return bucket
