"""The HTTP API: signed, throttled, logged."""

import json

import pytest


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


def test_functions_answer_before_the_door_gives_up(templates):
    for name in ("control", "runtime"):
        assert templates.function("prod", name)["Timeout"] < 30


def test_no_browser_is_let_in(templates):
    ((_, _, api),) = templates.of_type("AWS::ApiGatewayV2::Api", "prod")
    assert "CorsConfiguration" not in api["Properties"]


def test_payloads_are_of_version_2(templates):
    for _, logical_id, resource in templates.of_type("AWS::ApiGatewayV2::Integration"):
        assert resource["Properties"]["PayloadFormatVersion"] == "2.0", logical_id


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_programs_find_the_stores_by_what_the_runtime_function_is_told(templates, stage):
    ((_, _, parameter),) = templates.of_type("AWS::SSM::Parameter", stage)
    properties = parameter["Properties"]
    assert properties["Name"] == f"/larder/{stage}/client"
    told = "".join(map(_shown, properties["Value"]["Fn::Join"][1]))
    runtime = templates.function(stage, "runtime")["Environment"]["Variables"]
    assert json.loads(told) == {
        name: _shown(value) for name, value in runtime.items() if name.startswith("LARDER_")
    }


def _shown(value):
    """A text, or in its place the intrinsic function that makes it."""
    match value:
        case str():
            return value
        case {"Fn::Join": ["", parts]}:
            return "".join(map(_shown, parts))
    return json.dumps(value).replace('"', "'")
