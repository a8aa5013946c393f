"""The control plane's answers are of the shapes that botocore's own model of SageMaker has."""

import json

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from lambdas.control.routes import create_handler
from tests.support.control import KEY_ARN, control_plane, create_request
from tests.support.events import http_event

MODEL = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
NAME = {"FeatureGroupName": "customers"}
FEATURE = {**NAME, "FeatureName": "embedding"}
ARN = {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:feature-group/customers"}
TAGS = [{"Key": "team", "Value": "ops"}]
# Real answers of AWS leave it out, though its model requires it.
NOT_GIVEN = 'Missing required parameter in input: "NextToken"'


@pytest.fixture(scope="module")
def handler():
    """A platform with one group of everything, annotated and updated."""
    handler = create_handler(control_plane())
    rich = create_request(
        Description="people",
        Tags=TAGS,
        OnlineStoreConfig={
            "EnableOnlineStore": True,
            "StorageType": "InMemory",
            "TtlDuration": {"Unit": "Days", "Value": 3},
            "SecurityConfig": {"KmsKeyId": KEY_ARN},
        },
    )
    vector = {"VectorConfig": {"Dimension": 8}}
    rich["FeatureDefinitions"].append(
        {
            "FeatureName": "embedding",
            "FeatureType": "Fractional",
            "CollectionType": "Vector",
            "CollectionConfig": vector,
        }
    )
    call(handler, "CreateFeatureGroup", rich)
    online = {"FeatureGroupName": "online", "OnlineStoreConfig": {"EnableOnlineStore": True}}
    call(handler, "CreateFeatureGroup", {**create_request(), **online})
    more = {"FeatureAdditions": [{"FeatureName": "age", "FeatureType": "Integral"}]}
    update = {"ThroughputConfig": {"ThroughputMode": "OnDemand"}}
    assert call(handler, "UpdateFeatureGroup", NAME | more)["__type"] == "ResourceInUse"
    assert call(handler, "UpdateFeatureGroup", NAME | update)["__type"] == "ResourceInUse"
    parameters = [{"Key": "unit", "Value": "1"}]
    call(
        handler,
        "UpdateFeatureMetadata",
        {**FEATURE, "Description": "where", "ParameterAdditions": parameters},
    )
    return handler


def call(handler, operation, body):
    headers = {"x-amz-target": f"SageMaker.{operation}"}
    answer = handler(http_event("POST", "/", body=body, headers=headers), None)
    return json.loads(answer["body"] or "{}")


@pytest.mark.parametrize(
    ("operation", "request_", "allowed"),
    [
        ("DescribeFeatureGroup", NAME, [NOT_GIVEN]),
        ("ListFeatureGroups", {"MaxResults": 1}, []),
        ("DescribeFeatureMetadata", FEATURE, []),
        ("Search", {"Resource": "FeatureGroup", "MaxResults": 1}, []),
        ("Search", {"Resource": "FeatureMetadata"}, []),
        ("ListTags", ARN, []),
        ("AddTags", {**ARN, "Tags": TAGS}, []),
        ("DeleteTags", {**ARN, "TagKeys": ["nothing"]}, []),
    ],
)
def test_an_answer_is_of_the_models_shape(handler, operation, request_, allowed):
    answer = call(handler, operation, request_)

    report = ParamValidator().validate(answer, MODEL.operation_model(operation).output_shape)

    complaints = report.generate_report().splitlines()
    assert [text for text in complaints if text] == allowed
    assert "__type" not in answer


@pytest.mark.parametrize("operation", ["UpdateFeatureMetadata", "DeleteFeatureGroup"])
def test_operations_without_an_output_shape_answer_nothing(handler, operation):
    request = FEATURE if operation == "UpdateFeatureMetadata" else {"FeatureGroupName": "online"}
    assert MODEL.operation_model(operation).output_shape is None
    headers = {"x-amz-target": f"SageMaker.{operation}"}

    answer = handler(http_event("POST", "/", body=request, headers=headers), None)

    assert (answer["statusCode"], answer["body"]) == (200, "")
