"""The network of the in-memory tier: a VPC that nothing leaves but to the cache and the stores."""

from typing import Final

from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.choices import InMemoryTier
from stacks.config import StageConfig
from stacks.constructs.vpc_access import VpcAccess
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import RECORD_ACTIONS, OnlineStoreStack
from stacks.registry_access import REGISTRY_READER

# The second is the readers' port of a serverless cache.
_VALKEY: Final = ec2.Port.tcp_range(6379, 6380)
_OFFLINE_READER: Final = ("s3:GetObject", "s3:ListBucket")


class NetworkStack(Stack):
    """Isolated subnets, no internet gateway, no NAT: nothing here costs anything by the hour.

    DynamoDB and S3 are reached through gateway endpoints, whose policies know the platform's own
    tables and bucket. Logs need no endpoint: Lambda's runtime carries them outside the VPC. The
    rule "443 to any address" therefore leads to those endpoints and nowhere else; to name their
    prefix lists a template would need their ids, which differ by Region and no attribute gives.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        tier: InMemoryTier,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.vpc = self._vpc(tier)
        self._log_refusals(config)
        self._endpoints(online, offline)
        clients = self._group("Clients", "Larder: functions that read and write the cache")
        self.cache_group = self._group("Cache", "Larder: the in-memory tier")
        clients.connections.allow_to(self.cache_group, _VALKEY, "the cache and its readers")
        clients.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "DynamoDB and S3; no route leads elsewhere"
        )
        self.access = VpcAccess(vpc=self.vpc, security_group=clients)

    def _vpc(self, tier: InMemoryTier) -> ec2.Vpc:
        # Zones by number, whatever they are called: a synth with a known Region would ask AWS.
        zones = [Fn.select(index, Fn.get_azs()) for index in range(tier.availability_zones)]
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(tier.vpc_cidr),
            availability_zones=zones,
            create_internet_gateway=False,
            nat_gateways=0,
            # The CDK would empty it by a function of its own with rights on EC2. No interface
            # joins it, since each names its groups (LARDER-VPC1), and no route leads outside.
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
                )
            ],
        )

    def _log_refusals(self, config: StageConfig) -> None:
        """Flow logs of refused packets alone: all else is the traffic that the stores count."""
        group = logs.LogGroup(
            self,
            "Refused",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self, "FlowLogRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com")
        )
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )

    def _endpoints(self, online: OnlineStoreStack, offline: OfflineStoreStack) -> None:
        dynamodb = self.vpc.add_gateway_endpoint(
            "DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
        )
        dynamodb.add_to_policy(self._own(RECORD_ACTIONS, online.records.table_arn))
        dynamodb.add_to_policy(self._own(REGISTRY_READER, online.registry.table_arn))
        s3 = self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        bucket = offline.bucket
        s3.add_to_policy(self._own(_OFFLINE_READER, bucket.bucket_arn, bucket.arn_for_objects("*")))

    def _own(self, actions: tuple[str, ...], *resources: str) -> iam.PolicyStatement:
        """What this account's principals may do through an endpoint; their policies narrow it."""
        return iam.PolicyStatement(
            principals=[iam.AnyPrincipal()],
            actions=list(actions),
            resources=list(resources),
            conditions={"StringEquals": {"aws:PrincipalAccount": self.account}},
        )

    def _group(self, construct_id: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, construct_id, vpc=self.vpc, description=description, allow_all_outbound=False
        )
