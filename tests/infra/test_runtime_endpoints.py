"""What API and Function URL invoke, how many at once, and how the function starts."""

import pytest

from larder.errors import ConfigurationError
from stacks.config import STAGES
from stacks.runtime_start import Provisioned, Start, as_text, runtime_start
from tests.infra.stages import stage_with
from tests.infra.templates import actions_of, masked

ALIAS = {"Ref": "RuntimeAliasliveBC9C0148"}


@pytest.fixture(scope="module")
def chosen(synthesize):
    """The Serving stack of ``dev`` under some choices."""

    def run(**choices):
        return synthesize(stage="dev", **choices)

    return run


def resources(templates, kind):
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in templates["dev/Serving"]["Resources"].items()
        if resource["Type"] == kind
    }


def runtime_integration(templates):
    """What API Gateway calls for the data plane."""
    serving = templates["dev/Serving"]["Resources"]
    (route,) = (
        each
        for each in resources(templates, "AWS::ApiGatewayV2::Route").values()
        if each["RouteKey"] == "POST /BatchGetRecord"
    )
    integration = route["Target"]["Fn::Join"][1][1]["Ref"]
    return serving[integration]["Properties"]["IntegrationUri"]


def runtime_version(templates):
    """Logical id of the published version of the data plane's function."""
    (version,) = (
        name
        for name in resources(templates, "AWS::Lambda::Version")
        if name.startswith("RuntimeCurrentVersion")
    )
    return version


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stage_has_neither_url_nor_snapshots_unless_it_says_so(templates, stage):
    kinds = {each["Type"] for each in templates[f"{stage}/Serving"]["Resources"].values()}
    assert "AWS::Lambda::Url" not in kinds
    assert "SnapStart" not in templates.function(stage, "runtime")


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_s9_no_route_leads_to_code_that_is_not_published(templates, stage):
    handlers = set()
    for _, _, integration in templates.of_type("AWS::ApiGatewayV2::Integration", stage):
        resources, name = _referred(templates, stage, integration["Properties"]["IntegrationUri"])
        alias = resources[name]
        assert alias["Type"] == "AWS::Lambda::Alias"
        version = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
        assert resources[version]["Type"] == "AWS::Lambda::Version"
        function = resources[version]["Properties"]["FunctionName"]["Ref"]
        handlers.add(resources[function]["Properties"]["Handler"].split(".")[1])
    assert handlers == {"control", "inference", "runtime"}


def _referred(templates, stage, reference):
    """The resources of the stack that a reference of the serving stack leads to, and the id."""
    if "Ref" in reference:
        return templates[f"{stage}/Serving"]["Resources"], reference["Ref"]
    found = reference["Fn::GetStackOutput"]
    other = templates[f"{stage}/{found['StackName'].rpartition('-')[2]}"]
    return other["Resources"], other["Outputs"][found["OutputName"]]["Value"]["Ref"]


def reserved(templates, stage):
    return {
        properties["Handler"].split(".")[1]: properties["ReservedConcurrentExecutions"]
        for _, _, properties in templates.all_functions(stage)
        if "ReservedConcurrentExecutions" in properties
    }


def test_s9_prod_bounds_what_its_callers_can_start_and_dev_reserves_nothing(templates):
    assert reserved(templates, "dev") == {}
    bounds = reserved(templates, "prod")
    assert set(bounds) == {"control", "runtime"}
    # Lambda refuses a reservation that leaves less than 100 of the quota, 1,000 by default
    assert 0 < sum(bounds.values()) <= 900
    # in 20 ms a request, the data plane's suffice for the API's rate
    assert bounds["runtime"] >= STAGES["prod"].serving.api_rate_limit * 0.02


@pytest.mark.parametrize("name", ["control_concurrency", "runtime_concurrency"])
def test_a_bound_that_would_stop_a_function_fails_the_synth(name):
    with pytest.raises(ConfigurationError, match=rf"serving\.{name}: 0 would stop"):
        stage_with("dev", serving={name: 0})


def test_more_environments_than_executions_fail_the_synth(synthesize):
    with pytest.raises(ConfigurationError, match="provisioned:401 keeps more environments than"):
        synthesize(stage="prod", runtime_start="provisioned:401")
    synthesize(stage="prod", runtime_start="provisioned:400")


def test_the_url_is_of_the_data_plane_alone_and_asks_for_a_signature(chosen):
    templates = chosen(function_url="on")
    (url,) = resources(templates, "AWS::Lambda::Url").values()
    runtime = url["TargetFunctionArn"]["Fn::GetAtt"][0]
    handler = templates["dev/Serving"]["Resources"][runtime]["Properties"]["Handler"]
    assert handler == "lambdas.runtime.handler.handler"
    assert (url["AuthType"], url.get("Cors")) == ("AWS_IAM", None)
    assert {"FunctionUrl", "FunctionUrlCallersPolicyArn"} <= set(
        templates["dev/Serving"]["Outputs"]
    )


@pytest.mark.parametrize("start", ["on_demand", "snap_start"])
def test_the_callers_policy_reaches_the_function_by_its_url_alone(chosen, start):
    templates = chosen(function_url="on", runtime_start=start)
    (policy,) = resources(templates, "AWS::IAM::ManagedPolicy").values()
    by_url, invoke = policy["PolicyDocument"]["Statement"]
    assert actions_of(by_url) == {"lambda:InvokeFunctionUrl"}
    assert by_url["Condition"] == {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    assert actions_of(invoke) == {"lambda:InvokeFunction"}
    assert invoke["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": True}}
    assert by_url["Resource"] == invoke["Resource"] == ALIAS
    assert not {"Users", "Roles", "Groups"} & set(policy)


def test_the_url_is_watched_where_there_is_one(templates, chosen):
    def metrics(found):
        return {
            alarm["Properties"].get("MetricName")
            for _, _, alarm in found.of_type("AWS::CloudWatch::Alarm", "dev")
        }

    watched = {"Url5xxCount", "UrlRequestLatency"}
    assert metrics(chosen(function_url="on")) - metrics(templates) == watched


@pytest.mark.parametrize("start", ["on_demand", "snap_start", "provisioned:2"])
def test_api_and_url_lead_to_the_same_alias_of_a_published_version(chosen, start):
    templates = chosen(function_url="on", runtime_start=start)
    alias = resources(templates, "AWS::Lambda::Alias")[ALIAS["Ref"]]
    version = runtime_version(templates)
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}
    assert runtime_integration(templates) == ALIAS
    (url,) = resources(templates, "AWS::Lambda::Url").values()
    assert url["Qualifier"] == alias["Name"] == "live"


def test_snapshots_are_taken_of_the_data_planes_versions_alone(chosen):
    templates = chosen(runtime_start="snap_start")
    started = {
        properties["Handler"]: properties.get("SnapStart")
        for _, _, properties in templates.functions("dev")
    }
    assert started.pop("lambdas.runtime.handler.handler") == {"ApplyOn": "PublishedVersions"}
    assert set(started.values()) == {None}


def test_environments_are_kept_for_the_alias(chosen):
    templates = chosen(runtime_start="provisioned:2")
    alias = resources(templates, "AWS::Lambda::Alias")[ALIAS["Ref"]]
    kept = {"ProvisionedConcurrentExecutions": 2}
    assert alias["ProvisionedConcurrencyConfig"] == kept
    assert "SnapStart" not in templates.function("dev", "runtime")


def test_a_versions_id_follows_the_functions_configuration(synthesize, monkeypatch):
    def version(memory):
        config = stage_with("dev", serving={"runtime_memory_mb": memory})
        monkeypatch.setitem(STAGES, "dev", config)
        templates = synthesize(stage="dev")
        return runtime_version(templates), masked(templates["dev/Serving"])["Resources"].keys()

    (one, masked_one), (other, masked_other) = version(512), version(1024)
    assert one != other
    assert masked_one == masked_other


@pytest.mark.parametrize("start", [Start.ON_DEMAND, Start.SNAP_START, Provisioned(7)])
def test_a_choice_is_written_as_it_is_read(start):
    assert runtime_start(as_text(start)) == start
