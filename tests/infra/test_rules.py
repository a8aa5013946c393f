"""Our own validation rules catch what they say they catch."""

import copy
import json

import pytest

from stacks.rules.platform import violations


def broken(templates, stack, change, tmp_path):
    """Names of the rules that the stack's template breaks after ``change``."""
    template = copy.deepcopy(templates[stack])
    change(template["Resources"])
    path = tmp_path / "changed.template.json"
    path.write_text(json.dumps(template))
    return {violation.rule_name for violation in violations(path)}


def properties(resources, kind):
    return next(each["Properties"] for each in resources.values() if each["Type"] == kind)


def drop_backups(resources):
    replica = properties(resources, "AWS::DynamoDB::GlobalTable")["Replicas"][0]
    replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] = False


def unprotect(resources):
    replica = properties(resources, "AWS::DynamoDB::GlobalTable")["Replicas"][0]
    replica["DeletionProtectionEnabled"] = False


def drop_key(resources):
    del properties(resources, "AWS::DynamoDB::GlobalTable")["Replicas"][0]["SSESpecification"]


def unbound_queries(resources):
    settings = properties(resources, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    del settings["BytesScannedCutoffPerQuery"]


def limit_retries(resources):
    properties(resources, "AWS::Lambda::EventSourceMapping")["MaximumRetryAttempts"] = 3


def drop_spill(resources):
    del properties(resources, "AWS::Lambda::EventSourceMapping")["DestinationConfig"]


def open_a_route(resources):
    properties(resources, "AWS::ApiGatewayV2::Route")["AuthorizationType"] = "NONE"


def keep_logs_for_ever(resources):
    del properties(resources, "AWS::Logs::LogGroup")["RetentionInDays"]


def allow_everything(resources):
    statements = properties(resources, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    statements[0]["Action"] = "dynamodb:*"


def only_deny_publishing(resources):
    document = properties(resources, "AWS::SNS::TopicPolicy")["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Deny"]


def open_the_url(resources):
    resources["Open"] = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}}


def let_callers_past_the_url(resources):
    statement = {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": "x"}
    document = {"PolicyDocument": {"Statement": [statement]}}
    resources["Callers"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": document}


def shorten_repairs(resources):
    properties(resources, "AWS::Lambda::EventSourceMapping")["MaximumRecordAgeInSeconds"] = 300


def project_everything(resources):
    filters = [{"Pattern": json.dumps({"eventName": ["INSERT", "MODIFY"]})}]
    mapping = properties(resources, "AWS::Lambda::EventSourceMapping")
    mapping["FilterCriteria"] = {"Filters": filters}


def without(kind, name):
    """A change that drops one property of a resource."""

    def change(resources):
        del properties(resources, kind)[name]

    return change


def unbound_cache(resources):
    limits = properties(resources, "AWS::ElastiCache::ServerlessCache")["CacheUsageLimits"]
    del limits["ECPUPerSecond"]


def let_in_without_iam(resources):
    user = properties(resources, "AWS::ElastiCache::User")
    user["AuthenticationMode"] = {"Type": "no-password-required"}


def open_default_user(resources):
    properties(resources, "AWS::ElastiCache::User")["UserName"] = "default"


def allow_a_category(resources):
    properties(resources, "AWS::ElastiCache::User")["AccessString"] += " +@read"


def runtime_of(resources):
    return next(
        each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Function" and "VpcConfig" in each["Properties"]
    )


def leave_the_network(resources):
    del runtime_of(resources)["VpcConfig"]


def enter_for_nothing(resources):
    runtime_of(resources)["Environment"]["Variables"]["LARDER_VALKEY_ADDRESS"] = ""


def join_the_default_group(resources):
    del runtime_of(resources)["VpcConfig"]["SecurityGroupIds"]


@pytest.mark.parametrize(
    ("stack", "change", "rule"),
    [
        ("prod/OnlineStore", drop_backups, "LARDER-DDB1"),
        ("prod/OnlineStore", unprotect, "LARDER-DDB1"),
        ("prod/OnlineStore", drop_key, "LARDER-DDB1"),
        ("prod/OfflineStore", unbound_queries, "LARDER-ATH1"),
        ("prod/Ingestion", limit_retries, "LARDER-ESM1"),
        ("prod/Ingestion", drop_spill, "LARDER-ESM1"),
        ("prod/Serving", open_a_route, "LARDER-API1"),
        ("prod/Serving", open_the_url, "LARDER-API2"),
        ("prod/Serving", let_callers_past_the_url, "LARDER-IAM2"),
        ("prod/Serving", keep_logs_for_ever, "LARDER-LOG1"),
        ("prod/Serving", allow_everything, "LARDER-IAM1"),
        ("prod/Observability", only_deny_publishing, "LARDER-SNS1"),
        ("prod/MemoryProjection", shorten_repairs, "LARDER-ESM1"),
        ("prod/MemoryProjection", project_everything, "LARDER-ESM1"),
        *(
            ("prod/MemoryStore", without("AWS::ElastiCache::ServerlessCache", name), "LARDER-MEM1")
            for name in ("KmsKeyId", "UserGroupId", "SecurityGroupIds", "SubnetIds")
        ),
        ("prod/MemoryStore", unbound_cache, "LARDER-MEM1"),
        ("prod/MemoryStore", let_in_without_iam, "LARDER-MEM2"),
        ("prod/MemoryStore", open_default_user, "LARDER-MEM2"),
        ("prod/MemoryStore", allow_a_category, "LARDER-MEM2"),
        ("prod/Serving", leave_the_network, "LARDER-VPC1"),
        ("prod/Serving", enter_for_nothing, "LARDER-VPC1"),
        ("prod/Serving", join_the_default_group, "LARDER-VPC1"),
    ],
)
def test_a_broken_promise_is_found(templates, tmp_path, stack, change, rule):
    assert broken(templates, stack, change, tmp_path) == {rule}


def test_what_is_deployed_breaks_none(templates, tmp_path):
    for stack in templates:
        assert broken(templates, stack, lambda resources: None, tmp_path) == set()
