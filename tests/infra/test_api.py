"""The HTTP API: signed, throttled, logged."""

import json

import pytest

from tests.infra.templates import text_of


def test_the_routes_are_those_of_sagemaker(templates):
    routes = {
        route["Properties"]["RouteKey"]
        for _, _, route in templates.of_type("AWS::ApiGatewayV2::Route", "prod")
    }
    assert routes == {
        "POST /",
        "ANY /FeatureGroup/{proxy+}",
        "POST /BatchGetRecord",
        "POST /BatchWriteRecord",
        "POST /endpoints/{name}/invocations",
        "POST /endpoints/{name}/async-invocations",
        "POST /endpoints/{name}/invocations-response-stream",
    }


def test_every_route_asks_for_a_signature(templates):
    for _, logical_id, route in templates.of_type("AWS::ApiGatewayV2::Route"):
        assert route["Properties"]["AuthorizationType"] == "AWS_IAM", logical_id


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_stage_has_no_path_and_is_throttled_and_logged(templates, stage):
    ((_, _, resource),) = templates.of_type("AWS::ApiGatewayV2::Stage", stage)
    properties = resource["Properties"]
    assert properties["StageName"] == "$default"
    assert 0 < properties["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 10_000
    assert 0 < properties["DefaultRouteSettings"]["ThrottlingBurstLimit"] <= 5_000
    logged = json.loads(properties["AccessLogSettings"]["Format"])
    assert {"requestId", "caller", "path", "status", "latencyMs"} <= set(logged)


def test_functions_answer_before_the_api_gives_up(templates):
    for name in ("control", "runtime"):
        assert templates.function("prod", name)["Timeout"] < 30


def test_payloads_are_of_version_2(templates):
    for _, logical_id, resource in templates.of_type("AWS::ApiGatewayV2::Integration"):
        assert resource["Properties"]["PayloadFormatVersion"] == "2.0", logical_id


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_programs_find_the_stores_by_what_the_runtime_function_is_told(templates, stage):
    ((_, _, parameter),) = templates.of_type("AWS::SSM::Parameter", stage)
    properties = parameter["Properties"]
    assert properties["Name"] == f"/larder/{stage}/client"
    told = json.loads(text_of(properties["Value"]))
    runtime = templates.function(stage, "runtime")["Environment"]["Variables"]
    of_programs = {
        "LARDER_API_ENDPOINT",
        "LARDER_API_ID",
        "LARDER_DATABASE",
        "LARDER_INFERENCE_FUNCTION",
        "LARDER_KMS_KEY_ARN",
        "LARDER_OFFLINE_BUCKET",
        "LARDER_OFFLINE_WRITER_FUNCTION",
        "LARDER_PIPELINES_DEFINITIONS",
        "LARDER_PIPELINES_MACHINE",
        "LARDER_PREDICTIONS_DEFINITIONS",
        "LARDER_PREDICTIONS_MACHINE",
        "LARDER_TRAININGS_DEFINITIONS",
        "LARDER_TRAININGS_MACHINE",
        "LARDER_WORKGROUP",
    }
    assert {name: value for name, value in told.items() if name not in of_programs} == {
        name: text_of(value) for name, value in runtime.items() if name.startswith("LARDER_")
    }
    assert of_programs <= set(told)
