"""The app as a whole: flags, lint, reproducibility, the local target, stages, cost."""

import json
import re
import tarfile
from pathlib import Path

import aws_cdk
import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner

from larder.errors import ConfigurationError
from local.deployment import CHOICES
from stacks.assembly import assemble
from stacks.constructs.layer_archive import ROOT, Target
from stacks.runtime_start import Provisioned
from tests.infra.conftest import SKIP_BUNDLING
from tests.infra.stages import stage_with
from tests.infra.templates import masked

# What an hour of nothing costs, in dollars a month (us-east-1, 2026-11): everything else of
# these templates is billed by use.
IDLE = {"AWS::KMS::Key": 1.0, "AWS::CloudWatch::Alarm": 0.10, "AWS::CloudWatch::Dashboard": 3.0}
BY_USE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Athena::WorkGroup",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Events::Rule",
    "AWS::Glue::Database",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    # by state transition: while a deployment waits, while a pipeline runs
    "AWS::StepFunctions::StateMachine",
    "AWS::SSM::Parameter",  # of the standard tier
    "Custom::LarderFeatureGroups",
}
# What the in-memory tier adds, when no one reads and nothing is in it: a serverless cache is billed
# for 100 MB at least ($0.084 a GB-hour). Gateway endpoints, security groups and users are free.
TIER = {"AWS::ElastiCache::ServerlessCache": 0.1 * 0.084 * 730}
FREE = {
    "AWS::EC2::FlowLog",  # of refused packets: there should be no such packets, or something is wrong
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::ElastiCache::User",
    "AWS::ElastiCache::UserGroup",
}


def test_flags_are_the_recommended_ones_of_the_installed_cdk():
    (archive,) = (Path(aws_cdk.__file__).parent / "_jsii").glob("aws-cdk-lib@*.jsii.tgz")
    with tarfile.open(archive) as files:
        recommended = json.load(files.extractfile("package/recommended-feature-flags.json"))
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert context == recommended


def test_templates_pass_cfn_lint(synthesize):
    # W3005: the CDK writes DependsOn beside a reference that says the same.
    linter = Runner(ConfigMixIn(ignore_checks=["W3005"], regions=["us-east-1"]))
    distinct = {}  # most templates are the same whatever is chosen
    for choices in ({}, CHOICES, {"runtime_start": "provisioned:2"}):
        templates = synthesize(**choices)
        for name in templates:
            same = json.dumps(masked(templates[name]))
            distinct.setdefault(same, (f"{name} of {choices}", templates[name]))
    found = [
        f"{name}: {match.rule.id} {match.message}"
        for name, template in distinct.values()
        for match in linter.validate_template(decode_str(json.dumps(template))[0])
    ]
    assert found == []


def test_two_synths_are_byte_identical(synthesize_anew):
    one, other = (_files(synthesize_anew(stage="dev").outdir) for _ in range(2))
    assert one == other


def test_the_local_target_changes_architecture_and_tls_of_the_cache_and_nothing_else(synthesize):
    # With the choices that the local platform makes, so that each is compared.
    on_aws, local = synthesize(**CHOICES), synthesize(**CHOICES, target="local")
    host = {"aarch64": "arm64"}.get(Target.of_host().machine, "x86_64")
    changed = {'"arm64"': f'"{host}"', '"LARDER_VALKEY_TLS": "1"': '"LARDER_VALKEY_TLS": "0"'}
    # the same flag in the settings that are published for clients, as JSON within JSON
    changed[r"\"LARDER_VALKEY_TLS\":\"1\""] = r"\"LARDER_VALKEY_TLS\":\"0\""
    for name in on_aws:
        text = json.dumps(masked(on_aws[name]))
        has_cache = '"LARDER_VALKEY_ADDRESS": ""' not in text  # transform jobs read past it
        for here, there in changed.items():
            text = text.replace(here, there if has_cache or "TLS" not in here else here)
        assert json.loads(text) == masked(local[name]), name


def test_without_the_tier_the_local_target_changes_the_architecture_alone(synthesize):
    on_aws, local = synthesize(in_memory="off"), synthesize(in_memory="off", target="local")
    host = {"aarch64": "arm64"}.get(Target.of_host().machine, "x86_64")
    for name in on_aws:
        text = json.dumps(masked(on_aws[name])).replace('"arm64"', f'"{host}"')
        assert json.loads(text) == masked(local[name]), name


def test_a_stage_can_be_synthesized_alone(synthesize):
    assert {name.split("/")[0] for name in synthesize(stage="dev")} == {"dev"}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"stage": "qa"}, "stage: 'qa' is not one of dev, prod"),
        ({"target": "lokal"}, "target: 'lokal' is not 'local'"),
        ({"function_url": "yes"}, "function_url: 'yes' is not one of on, off"),
        ({"sagemaker_names": "yes"}, "sagemaker_names: 'yes' is not one of on, off"),
        ({"runtime_start": "warm"}, "is not one of on_demand, snap_start, provisioned:N"),
        ({"runtime_start": "provisioned:0"}, "must keep 1 environment at least"),
        ({"in_memory": "yes"}, "in_memory: 'yes' is not one of on, off"),
    ],
)
def test_an_unknown_choice_is_refused_by_name(context, message):
    with pytest.raises(ConfigurationError, match=message):
        assemble({**SKIP_BUNDLING, **context})


def test_dev_costs_less_than_ten_dollars_a_month_when_idle(templates):
    kinds = [
        resource["Type"]
        for template in templates.of_stage("dev").values()
        for resource in template["Resources"].values()
    ]
    assert set(kinds) <= set(IDLE) | BY_USE, "say what a new type costs when no one uses it"
    assert sum(IDLE.get(kind, 0) for kind in kinds) <= 10


def test_the_in_memory_tier_adds_less_than_eight_dollars_a_month_when_idle(synthesize):
    on, off = (
        [
            resource["Type"]
            for template in synthesize(stage="dev", in_memory=choice).of_stage("dev").values()
            for resource in template["Resources"].values()
        ]
        for choice in ("on", "off")
    )
    assert set(on) <= set(IDLE) | BY_USE | set(TIER) | FREE, "say what a new type costs"
    cost = IDLE | TIER
    added = sum(cost.get(kind, 0) for kind in on) - sum(cost.get(kind, 0) for kind in off)
    assert 6 < added <= 8


def test_dev_has_no_network_of_its_own(templates):
    for name, template in templates.of_stage("dev").items():
        for logical_id, resource in template["Resources"].items():
            assert not resource["Type"].startswith("AWS::EC2::"), (name, logical_id)
            assert "VpcConfig" not in resource.get("Properties", {}), (name, logical_id)


def test_references_between_stacks_are_weak(templates):
    for name in templates:
        text = json.dumps(templates[name])
        assert "Fn::ImportValue" not in text, name
        assert not re.search(r'"Export"\s*:', text), name


def test_no_template_names_an_account_or_a_region(templates):
    for name in templates:
        text = json.dumps(templates[name])
        assert not re.search(r"\b\d{12}\b", text), name
        assert not re.search(r"\b(us|eu|ap)-(east|west|central|south\w*)-\d\b", text), name


def _files(outdir):
    return {
        path.relative_to(outdir).as_posix(): path.read_bytes()
        for path in outdir.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


def test_a_stage_with_every_option_passes_the_checks_too(synthesize, monkeypatch):
    everything = stage_with(
        "prod",
        alarms={"email": "ops@example.com"},
        offline={"other_buckets": ("lake", "archive"), "other_databases": ("marketing",)},
        serving={"function_url": True, "runtime_start": Provisioned(3)},
    )
    monkeypatch.setattr("stacks.assembly.STAGES", {"prod": everything})
    templates = synthesize()
    ((_, _, subscription),) = templates.of_type("AWS::SNS::Subscription")
    assert subscription["Properties"]["Endpoint"] == "ops@example.com"
    for name in ("offline_writer", "lifecycle"):
        for bucket in ("lake", "archive"):
            assert f":s3:::{bucket}/*" in str(templates.statements("prod", name))
        assert "table/marketing/*" in str(templates.statements("prod", name))
    settings = templates.function("prod", "control")["Environment"]["Variables"]
    assert settings["LARDER_OTHER_OFFLINE_BUCKETS"] == "lake archive"
    assert settings["LARDER_OTHER_DATABASES"] == "marketing"


def test_sagemakers_names_are_used_where_a_stage_chooses_so(synthesize):
    templates = synthesize(sagemaker_names="on")
    (database,) = [
        each["Properties"]["DatabaseInput"]["Name"]
        for name, _, each in templates.of_type("AWS::Glue::Database")
        if name.startswith("dev")
    ]
    assert database == "sagemaker_featurestore"
    named = {
        "Fn::Join": ["", ["sagemaker-", {"Ref": "AWS::Region"}, "-", {"Ref": "AWS::AccountId"}]]
    }
    settings = templates.function("dev", "control")["Environment"]["Variables"]
    assert settings["LARDER_OTHER_OFFLINE_BUCKETS"] == named
    for function in ("offline_writer", "lifecycle", "maintenance"):
        statements = str(templates.statements("dev", function))
        assert ":s3:::sagemaker-" in statements
        assert "table/sagemaker_featurestore/*" in statements
        assert "larder_dev" not in statements
