"""Our own validation rules catch what they say they catch."""

import copy
import json

import pytest

from stacks.rules import violations


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
        ("prod/Serving", keep_logs_for_ever, "LARDER-LOG1"),
        ("prod/Serving", allow_everything, "LARDER-IAM1"),
    ],
)
def test_a_broken_promise_is_found(templates, tmp_path, stack, change, rule):
    assert broken(templates, stack, change, tmp_path) == {rule}


def test_what_is_deployed_breaks_none(templates, tmp_path):
    for stack in templates:
        assert broken(templates, stack, lambda resources: None, tmp_path) == set()
