"""The offline store: the history of every group as Iceberg tables, and SQL over it."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from constructs import Construct

from larder.bucket_folders import RESULTS
from stacks.config import StageConfig
from stacks.constructs.offline_bucket import OfflineBucket


class OfflineStoreStack(Stack):
    """The bucket, the Glue database that names its tables, and the workgroup that queries them.

    Database and workgroup carry physical names, since people type them in SQL and in consoles.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, key: kms.IKey
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.bucket = OfflineBucket(self, "Bucket", config=config, key=key)
        self.database = glue.Database(
            self,
            "Database",
            database_name=config.database_name,
            description="Feature groups of Larder, one Iceberg table each",
            removal_policy=config.data_removal_policy,
        )
        self.work_group = self._work_group(config, key)
        CfnOutput(self, "OfflineBucketName", value=self.bucket.bucket_name)
        CfnOutput(self, "DatabaseName", value=self.database.database_name)
        CfnOutput(self, "WorkGroupName", value=self.work_group.ref)

    def _work_group(self, config: StageConfig, key: kms.IKey) -> athena.CfnWorkGroup:
        results = athena.CfnWorkGroup.ResultConfigurationProperty(
            output_location=self.bucket.s3_url_for_object(RESULTS),
            expected_bucket_owner=self.account,
            encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                encryption_option="SSE_KMS", kms_key=key.key_arn
            ),
        )
        return athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=f"larder-{config.name}",
            description="Queries over Larder's offline store",
            recursive_delete_option=not config.data.retain,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=config.offline.scan_limit_gb * 10**9,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=results,
            ),
        )
