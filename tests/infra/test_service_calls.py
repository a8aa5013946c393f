"""Every call of one AWS service to another that the templates ask for is allowed."""

import copy

import pytest

from local.deployment import CHOICES
from tests.infra.service_calls import CHECKS, Calls
from tests.infra.stages import stage_with


class Changed(dict):
    """The templates after a change, as the tests read them."""


@pytest.fixture(scope="module")
def everything(synthesize):
    """Both stages with every part that can be chosen."""
    with pytest.MonkeyPatch.context() as patch:
        prod = stage_with("prod", alarms={"email": "ops@example.com"})
        dev = stage_with("dev", alarms={"topic": True})
        patch.setattr("stacks.assembly.STAGES", {"dev": dev, "prod": prod})
        return synthesize(**CHOICES)


def test_s2_every_call_is_allowed(templates):
    assert list(Calls(templates).refused()) == []


def test_every_call_is_allowed_whatever_a_stage_chooses(everything):
    assert list(Calls(everything).refused()) == []


def test_every_kind_of_call_is_made_somewhere(everything):
    kinds = {
        resource["Type"]
        for stack in everything
        for resource in everything[stack]["Resources"].values()
    }
    # these are there where a pipeline is: tests/infra/test_pipelines.py
    assert set(CHECKS) - {"AWS::Scheduler::Schedule", "AWS::Glue::Job"} <= kinds


def of_kind(resources, kind):
    return [name for name, resource in resources.items() if resource["Type"] == kind]


def drop(kind, number=0):
    """A change that removes a resource of that kind."""

    def change(resources):
        del resources[of_kind(resources, kind)[number]]

    return change


def keep_only_denials(resources):
    (name,) = of_kind(resources, "AWS::SNS::TopicPolicy")
    document = resources[name]["Properties"]["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Deny"]


def deny_publishing(resources):
    (name,) = of_kind(resources, "AWS::SNS::TopicPolicy")
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
    resources[name]["Properties"]["PolicyDocument"]["Statement"].append(denial)


def lock_the_alarm_key(resources):
    (name,) = of_kind(resources, "AWS::KMS::Key")
    document = resources[name]["Properties"]["KeyPolicy"]
    document["Statement"] = document["Statement"][:1]


def forbid(action):
    """A change after which no role of the stack may do an action."""

    def change(resources):
        for name in of_kind(resources, "AWS::IAM::Policy"):
            for statement in resources[name]["Properties"]["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                kept = [] if actions == action else [a for a in actions if a != action]
                statement["Action"] = actions if isinstance(actions, str) and kept else kept

    return change


def let_no_access_logs_in(resources):
    for name in of_kind(resources, "AWS::S3::BucketPolicy"):
        document = resources[name]["Properties"]["PolicyDocument"]
        document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Deny"]


def notify_a_function(resources):
    name = of_kind(resources, "AWS::S3::Bucket")[0]
    resources[name]["Properties"]["NotificationConfiguration"] = {"LambdaConfigurations": []}


def add_a_queue(resources):
    resources["Queue"] = {"Type": "AWS::SQS::Queue", "Properties": {}}


@pytest.mark.parametrize(
    ("stack", "change", "text"),
    [
        ("Observability", keep_only_denials, "lets cloudwatch.amazonaws.com publish"),
        ("Observability", keep_only_denials, "allows no caller anything"),
        ("Observability", drop("AWS::SNS::TopicPolicy"), "lets cloudwatch.amazonaws.com publish"),
        ("Observability", deny_publishing, "lets cloudwatch.amazonaws.com publish"),
        ("Observability", lock_the_alarm_key, "does not let cloudwatch.amazonaws.com use it"),
        ("Ingestion", drop("AWS::Lambda::Permission"), "does not let the rule invoke it"),
        ("Serving", drop("AWS::Lambda::Permission"), "does not let the API invoke it"),
        ("Exposures", drop("AWS::Lambda::Permission"), "does not let the log group invoke it"),
        ("Serving", drop("AWS::IAM::ManagedPolicy"), "no policy for callers"),
        ("Ingestion", forbid("dynamodb:GetRecords"), "may not dynamodb:GetRecords"),
        ("Ingestion", forbid("kms:Decrypt"), "may not decrypt"),
        ("Ingestion", forbid("s3:PutObject"), "may not s3:PutObject"),
        ("Ingestion", forbid("logs:PutLogEvents"), "may not logs:PutLogEvents"),
        ("Network", forbid("logs:PutLogEvents"), "may not logs:PutLogEvents"),
        ("FeatureGroups", forbid("lambda:InvokeFunction"), "may not invoke"),
        ("Pipelines", forbid("lambda:InvokeFunction"), "may not invoke"),
        ("OfflineStore", let_no_access_logs_in, "does not let S3 write access logs"),
        ("OfflineStore", notify_a_function, "who allows the calls of NotificationConfiguration"),
        ("OfflineStore", add_a_queue, "which services does an AWS::SQS::Queue call"),
    ],
)
def test_s2_a_call_that_would_be_refused_is_found(everything, stack, change, text):
    changed = Changed({name: copy.deepcopy(everything[name]) for name in everything})
    change(changed[f"prod/{stack}"]["Resources"])
    found = list(Calls(changed).refused())
    assert found
    assert any(text in each for each in found), found
