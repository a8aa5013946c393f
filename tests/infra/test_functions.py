"""Properties that functions share: logs, layers, run time, tags, and what tools read of them."""

import json

import pytest

from tests.infra.templates import text_of

FUNCTIONS = (
    "control",
    "feature_groups",
    "heartbeat",
    "inference",
    "lifecycle",
    "maintenance",
    "memory_projector",
    "model_deployment",
    "model_import",
    "offline_writer",
    "runtime",
)


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_log_group_ends(templates, stage):
    days = {
        resource["Properties"]["RetentionInDays"]
        for _, _, resource in templates.of_type("AWS::Logs::LogGroup", stage)
    }
    assert days == {7 if stage == "dev" else 90}


def test_every_function_logs_to_a_group_of_the_template(templates):
    for stack, logical_id, properties in templates.all_functions():
        group = properties["LoggingConfig"]["LogGroup"]["Ref"]
        kind = templates[stack]["Resources"][group]["Type"]
        assert kind == "AWS::Logs::LogGroup", logical_id
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", logical_id


def test_functions_run_on_graviton_and_python_3_13(templates):
    for _, logical_id, properties in templates.functions():
        assert properties["Architectures"] == ["arm64"], logical_id
        assert properties["Runtime"] == "python3.13", logical_id


def test_the_hot_path_does_not_carry_the_offline_packages(templates):
    layers = {
        name: templates.function("prod", name)["Layers"][0]["Ref"].rstrip("0123456789ABCDEF")
        for name in FUNCTIONS
    }
    assert layers == {
        "control": "Lean",
        "feature_groups": "Lean",
        "heartbeat": "Offline",
        "inference": "InferenceLayer",
        "lifecycle": "Offline",
        "memory_projector": "Lean",
        "model_deployment": "DeploymentsLean",
        "model_import": "InferenceLayer",
        "maintenance": "Offline",
        "offline_writer": "Offline",
        "runtime": "Lean",
    }


def test_outputs_have_the_names_that_tools_and_people_use(templates):
    named = {
        output
        for template in templates.of_stage("prod").values()
        for output in template.get("Outputs", {})
        if not output.startswith("PublishOutput")
    }
    assert named == {
        "ApiEndpoint",
        "ApiId",
        "CacheAddress",
        "CacheName",
        "CachePort",
        "ClientParameterName",
        "ControlFunctionName",
        "DashboardName",
        "DatabaseName",
        "ExposureWriterFunctionName",
        "FeatureGroupsFunctionName",
        "HeartbeatFunctionName",
        "InferenceFunctionName",
        "LifecycleFunctionName",
        "MemoryProjectorFunctionName",
        "MaintenanceFunctionName",
        "ModelDeploymentFunctionName",
        "ModelDeploymentMachineArn",
        "ModelImportFunctionName",
        "MonitoringFunctionName",
        "OfflineBucketName",
        "OfflineWriterFunctionName",
        "PipelinesStateMachineArn",
        "PredictionsStateMachineArn",
        "RecordsTableName",
        "RegistryTableName",
        "RuntimeFunctionName",
        "TrainingsStateMachineArn",
        "TransformsFunctionName",
        "TransformsStateMachineArn",
        "WorkGroupName",
    }


def test_the_groups_are_applied_after_the_function_that_makes_their_tables(templates):
    depends = templates.depends_on("prod/FeatureGroups")
    assert any("Ingestion" in each for each in depends)


def test_the_custom_resource_gives_up_before_the_framework_and_that_before_cloudformation(
    templates,
):
    # Each of the later ones knows less about the reason; CloudFormation waits an hour at most.
    ((_, _, resource),) = templates.of_type("Custom::LarderFeatureGroups", "prod")
    function = templates.function("prod", "feature_groups")
    patience = int(function["Environment"]["Variables"]["LARDER_PATIENCE_SECONDS"])
    (waiter,) = (
        machine
        for stack, _, machine in templates.of_type("AWS::StepFunctions::StateMachine", "prod")
        if stack.endswith("FeatureGroups")
    )
    definition = json.loads(text_of(waiter["Properties"]["DefinitionString"]))
    (retry,) = definition["States"]["framework-isComplete-task"]["Retry"]
    framework = retry["IntervalSeconds"] * retry["MaxAttempts"]
    service = int(resource["Properties"]["ServiceTimeout"])
    assert 60 < patience < framework < service <= 3600
    assert function["Timeout"] < patience
    assert retry["BackoffRate"] == 1


def test_a_call_of_the_custom_resource_does_not_wait(templates):
    assert templates.function("prod", "feature_groups")["Timeout"] <= 300


def test_the_work_group_enforces_encrypts_and_bounds(templates):
    ((_, _, resource),) = templates.of_type("AWS::Athena::WorkGroup", "prod")
    settings = resource["Properties"]["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] == 10**12
    result = settings["ResultConfiguration"]
    assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert str(result["OutputLocation"]).endswith("/athena-results/']]}")


def test_every_taggable_resource_says_whose_it_is(templates):
    for _, logical_id, properties in templates.functions("prod"):
        tags = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
        assert tags == {"application": "larder", "stage": "prod"}, logical_id
