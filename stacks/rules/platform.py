"""What the templates must hold and cdk-nag can't see: our own checks, run at every synth."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)

from stacks.rules.memory import (
    Resource,
    cache_is_closed,
    only_the_cache_needs_a_network,
    repairs_a_copy,
    user_is_narrow,
)

Rule = Callable[[Resource], bool]


def _table_is_safe(resource: Resource) -> bool:
    properties = resource["Properties"]
    kept = resource.get("DeletionPolicy") == "Retain"
    return properties["SSESpecification"].get("SSEType") == "KMS" and all(
        replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        and replica.get("DeletionProtectionEnabled", False) is kept
        and "KMSMasterKeyId" in replica.get("SSESpecification", {})
        for replica in properties["Replicas"]
    )


def _work_group_is_bounded(resource: Resource) -> bool:
    settings = resource["Properties"]["WorkGroupConfiguration"]
    results = settings["ResultConfiguration"]
    return bool(
        settings.get("EnforceWorkGroupConfiguration") is True
        and settings.get("BytesScannedCutoffPerQuery", 0) > 0
        and results["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    )


def _stream_loses_nothing(resource: Resource) -> bool:
    properties = resource["Properties"]
    return bool(
        properties.get("BisectBatchOnFunctionError") is True
        and properties.get("MaximumRetryAttempts") == -1
        and 0 < properties.get("MaximumRecordAgeInSeconds", -1) < 24 * 3600
        and properties.get("StartingPosition") == "TRIM_HORIZON"
        and ("OnFailure" in properties.get("DestinationConfig", {}) or repairs_a_copy(resource))
        and "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", [])
    )


def _route_asks_for_a_signature(resource: Resource) -> bool:
    return bool(resource["Properties"].get("AuthorizationType") == "AWS_IAM")


def _url_asks_for_a_signature(resource: Resource) -> bool:
    return bool(resource["Properties"].get("AuthType") == "AWS_IAM")


def _logs_end(resource: Resource) -> bool:
    return "RetentionInDays" in resource["Properties"]


def _actions_are_named(resource: Resource) -> bool:
    return not any("*" in action for action in allowed_actions(resource))


def _policy_allows_something(resource: Resource) -> bool:
    statements = resource["Properties"]["PolicyDocument"]["Statement"]
    return any(statement["Effect"] == "Allow" for statement in statements)


def _invokes_by_url_alone(resource: Resource) -> bool:
    statements = resource["Properties"]["PolicyDocument"]["Statement"]
    return all(
        statement.get("Condition", {}).get("Bool", {}).get("lambda:InvokedViaFunctionUrl") is True
        for statement in statements
        if "lambda:InvokeFunction" in _named(statement)
    )


_RULES: Final[tuple[tuple[str, str, str, Rule], ...]] = (
    (
        "LARDER-DDB1",
        "AWS::DynamoDB::GlobalTable",
        "tables have point-in-time recovery and our key; kept tables refuse deletion",
        _table_is_safe,
    ),
    (
        "LARDER-ATH1",
        "AWS::Athena::WorkGroup",
        "workgroups enforce their settings, encrypt results and bound the bytes scanned",
        _work_group_is_bounded,
    ),
    (
        "LARDER-ESM1",
        "AWS::Lambda::EventSourceMapping",
        "streams are read from their start, retried without limit, halved, and spilled in time, "
        "unless all they carry are repairs of the cache",
        _stream_loses_nothing,
    ),
    (
        "LARDER-API1",
        "AWS::ApiGatewayV2::Route",
        "every route asks for a SigV4 signature",
        _route_asks_for_a_signature,
    ),
    (
        "LARDER-API2",
        "AWS::Lambda::Url",
        "every Function URL asks for a SigV4 signature",
        _url_asks_for_a_signature,
    ),
    (
        "LARDER-MEM1",
        "AWS::ElastiCache::ServerlessCache",
        "caches have our key, a user group, a security group, two subnets and limits",
        cache_is_closed,
    ),
    (
        "LARDER-MEM2",
        "AWS::ElastiCache::User",
        "users of a cache enter by IAM and may run named commands only",
        user_is_narrow,
    ),
    (
        "LARDER-VPC1",
        "AWS::Lambda::Function",
        "functions are in a VPC exactly where they use the cache, in security groups of ours",
        only_the_cache_needs_a_network,
    ),
    (
        "LARDER-SNS1",
        "AWS::SNS::TopicPolicy",
        "a topic's policy, which replaces the default one, lets somebody publish",
        _policy_allows_something,
    ),
    ("LARDER-LOG1", "AWS::Logs::LogGroup", "log groups have an end", _logs_end),
    ("LARDER-IAM1", "AWS::IAM::Policy", "policies name their actions", _actions_are_named),
    (
        "LARDER-IAM2",
        "AWS::IAM::ManagedPolicy",
        "no policy lets its holder invoke a function past its URL, under any caller's name",
        _invokes_by_url_alone,
    ),
)


def allowed_actions(policy: Resource) -> list[str]:
    """The actions that an ``AWS::IAM::Policy`` allows, one list over all its statements."""
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    return [action for statement in statements for action in _named(statement)]


def _named(statement: Resource) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else actions


@jsii.implements(IPolicyValidationPlugin)
class PlatformRules:
    """A validation plugin: a broken rule fails ``cdk synth`` and names the resource."""

    @property
    def name(self) -> str:
        """The prefix under which a finding may be acknowledged."""
        return "larder"

    @property
    def version(self) -> str:
        """Version of the rules, for the validation report."""
        return "1.0.0"

    @property
    def rule_ids(self) -> list[str]:
        """Every rule that is checked."""
        return [rule_id for rule_id, *_ in _RULES]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Check every template of the app."""
        broken = [found for path in context.template_paths for found in violations(Path(path))]
        return PolicyValidationPluginReport(success=not broken, violations=broken)


def violations(template: Path) -> Iterator[PolicyViolation]:
    """The rules that one synthesized template breaks, one for each resource."""
    resources = json.loads(template.read_text()).get("Resources", {})
    for logical_id, resource in resources.items():
        for rule_id, kind, promise, holds in _RULES:
            if resource["Type"] == kind and not holds(resource):
                yield PolicyViolation(
                    rule_name=rule_id,
                    description=promise,
                    severity="error",
                    violating_resources=[
                        PolicyViolatingResource(
                            resource_logical_id=logical_id,
                            template_path=str(template),
                            locations=["Properties"],
                        )
                    ],
                )
