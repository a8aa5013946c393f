"""The online store: which groups exist, and the latest record of each identifier."""

from typing import Final, cast

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.config import StageConfig

GROUPS_INDEX = "groups"

RECORD_ACTIONS: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
"""What the data plane does with the records table."""


class OnlineStoreStack(Stack):
    """The registry of feature groups and the records of all of them, one table each.

    ``registry`` and ``records`` are the tables in use: the stack's own, or restored ones.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, key: kms.IKey
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.key = key
        restored = config.data.restored
        registry = _table(
            self,
            "Registry",
            config=config,
            key=key,
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=GROUPS_INDEX,
                    partition_key=_string("kind"),
                    sort_key=_string("name"),
                )
            ],
        )
        records = _table(self, "Records", config=config, key=key, ttl_attribute="ttl")
        self.registry = _used(self, registry, restored.registry, key)
        self.records = _used(self, records, restored.records, key)
        CfnOutput(self, "RegistryTableName", value=self.registry.table_name)
        CfnOutput(self, "RecordsTableName", value=self.records.table_name)


def _used(
    scope: Construct, own: dynamodb.TableV2, restored: str, key: kms.IKey
) -> dynamodb.ITableV2:
    """The stage's own table, or the restored one of that stream, which no template owns."""
    if not restored:
        return own
    return dynamodb.TableV2.from_table_attributes(
        scope,
        f"Restored{own.node.id}",
        table_arn=restored.partition("/stream/")[0],
        table_stream_arn=restored,
        encryption_key=key,
    )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _table(
    scope: Construct,
    construct_id: str,
    *,
    config: StageConfig,
    key: kms.IKey,
    ttl_attribute: str | None = None,
    indexes: list[dynamodb.GlobalSecondaryIndexPropsV2] | None = None,
) -> dynamodb.TableV2:
    table = dynamodb.TableV2(
        scope,
        construct_id,
        partition_key=_string("pk"),
        sort_key=_string("sk"),
        billing=dynamodb.Billing.on_demand(),
        encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
        dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=config.data_removal_policy is RemovalPolicy.RETAIN,
        removal_policy=config.data_removal_policy,
        time_to_live_attribute=ttl_attribute,
        global_secondary_indexes=indexes,
    )
    # The L2 writes a customer's key only where the region is known at synth; CloudFormation
    # takes it everywhere, so the app stays free to be deployed to any region.
    resource = cast("dynamodb.CfnGlobalTable", table.node.default_child)
    resource.add_property_override("Replicas.0.SSESpecification.KMSMasterKeyId", key.key_arn)
    return table
