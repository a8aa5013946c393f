"""S5 and L4: no resource of a stage lets a browser in, and what a template allows is served.

``tests/e2e/test_web_pages.py`` asks as a browser would; here is that nothing it could not ask for
comes between the template and the local platform.
"""

import boto3
import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk.assertions import Template

from local.emulator.letter_case import as_in_the_api

ORIGIN = "https://console.example"
_CORS = ("Cors", "CorsConfiguration")


@pytest.mark.parametrize("context", [{}, {"stage": "dev", "function_url": "on"}], ids=str)
def test_s5_no_resource_of_a_stage_lets_a_browser_in(synthesize, context):
    templates = synthesize(**context)
    kinds = {each["Type"] for stack in templates for each in templates[stack]["Resources"].values()}
    assert {"AWS::ApiGatewayV2::Api", "AWS::S3::Bucket"} <= kinds
    let_in = [
        (stack, logical_id)
        for stack in templates
        for logical_id, resource in templates[stack]["Resources"].items()
        if any(resource.get("Properties", {}).get(name) for name in _CORS)
    ]
    assert let_in == []


def test_l4_every_member_of_a_templates_cors_is_served_as_the_api_spells_it():
    stack = Stack(App(), "Console")
    apigw.HttpApi(
        stack,
        "Api",
        cors_preflight=apigw.CorsPreflightOptions(
            allow_credentials=True,
            allow_headers=["x-amz-date"],
            allow_methods=[apigw.CorsHttpMethod.GET],
            allow_origins=[ORIGIN],
            expose_headers=["x-amzn-errortype"],
            max_age=Duration.hours(1),
        ),
    )
    (api,) = Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::Api").values()
    written = api["Properties"]["CorsConfiguration"]

    served = as_in_the_api(api["Properties"])["CorsConfiguration"]

    model = boto3.client("apigatewayv2").meta.service_model.shape_for("Cors")
    on_the_wire = {member.serialization["name"]: name for name, member in model.members.items()}
    assert {on_the_wire[name]: value for name, value in served.items()} == written
    assert set(served) == set(on_the_wire)
