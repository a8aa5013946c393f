"""The topic that alarms notify, and its key: CloudWatch may use both, for this account's alarms.

A topic's own policy replaces the one that every topic starts with. The CDK writes one that only
refuses plain HTTP. Without the statements below an alarm goes off, and its message is lost. Source:
AWS, "Key management" of SNS ("Enable compatibility between event sources from AWS services and
encrypted topics"). Also the CloudWatch user guide on alarm actions.
"""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from stacks.config import StageConfig


def alarm_topic(stack: Stack, config: StageConfig) -> sns.Topic:
    """The topic of the stage's alarms, in the stack that has them."""
    # A key of its own: CloudWatch may use it, and must not use that of the data.
    key = kms.Key(
        stack,
        "AlarmKey",
        description=f"Larder {config.name}: alarm messages",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,
    )
    account = {"StringEquals": {"aws:SourceAccount": stack.account}}
    # in a key's policy "*" is this key
    key.add_to_resource_policy(_allow(["kms:Decrypt", "kms:GenerateDataKey"], "*", account))
    topic = sns.Topic(stack, "Alarms", master_key=key, enforce_ssl=True)
    alarms = stack.format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    ours = {**account, "ArnLike": {"aws:SourceArn": alarms}}
    topic.add_to_resource_policy(_allow(["sns:Publish"], topic.topic_arn, ours))
    if config.alarms.email is not None:
        topic.add_subscription(subscriptions.EmailSubscription(config.alarms.email))
    return topic


def _allow(
    actions: list[str], resource: str, conditions: dict[str, dict[str, str]]
) -> iam.PolicyStatement:
    """What CloudWatch may do, for alarms of this account alone."""
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=actions,
        resources=[resource],
        conditions=conditions,
    )
