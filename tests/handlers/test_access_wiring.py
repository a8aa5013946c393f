"""The deployed functions go by the rules of access that their environment states."""

import importlib
import sys
from uuid import uuid4

import boto3
import pytest

from larder.settings.control import ControlSettings
from larder.settings.runtime import RuntimeSettings
from tests.support.control import KEY_ARN, create_request
from tests.support.events import http_event
from tests.support.moto_cloud import moto_cloud
from tests.support.tables import create_records_table, create_registry_table

DESCRIBE = {
    "method": "POST",
    "path": "/",
    "body": {"FeatureGroupName": "x"},
    "headers": {"x-amz-target": "SageMaker.DescribeFeatureGroup"},
}
GET = {"method": "GET", "path": "/FeatureGroup/x", "query": "RecordIdentifierValueAsString=1"}


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def function(cloud, monkeypatch):
    """A function of the repository under an environment; both tables are there and empty."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    name = uuid4().hex
    dynamodb = boto3.client("dynamodb")
    create_registry_table(dynamodb, f"registry-{name}")
    create_records_table(dynamodb, f"records-{name}")
    home = {"account_id": "123456789012", "region": "us-east-1", "partition": "aws"}
    stores = {"offline_bucket": "lake", "glue_database": "larder", "kms_key_arn": KEY_ARN}

    def start(kind, **choices):
        known = {"registry_table": f"registry-{name}", **home, **choices}
        if kind == "control":
            settings = ControlSettings(**known, **stores)
        else:
            settings = RuntimeSettings(**known, records_table=f"records-{name}")
        for variable, value in settings.to_env().items():
            monkeypatch.setenv(variable, value)
        module = f"lambdas.{kind}.handler"
        monkeypatch.delitem(sys.modules, module, raising=False)
        handler = importlib.import_module(module).handler
        monkeypatch.delitem(sys.modules, module)
        return handler

    return start


@pytest.mark.parametrize(("kind", "request_"), [("control", DESCRIBE), ("runtime", GET)])
def test_missing_grants_mean_what_the_stage_chose(function, kind, request_):
    stranger = http_event(**request_, caller="user/stranger")
    admin = http_event(**request_, caller="user/admin")
    administrators = tuple(f"arn:aws:iam::123456789012:{who}" for who in ("user/adm*", "role/x"))
    closed = function(kind, missing_grants_deny=1, administrators=administrators)
    assert closed(stranger, None)["statusCode"] == 403
    assert closed(admin, None)["headers"]["x-amzn-errortype"] == "ResourceNotFound"
    opened = function(kind)
    assert opened(stranger, None)["headers"]["x-amzn-errortype"] == "ResourceNotFound"


def test_the_control_function_knows_who_may_create(function):
    def create(caller):
        headers = {"x-amz-target": "SageMaker.CreateFeatureGroup"}
        return http_event("POST", "/", body=create_request("x"), headers=headers, caller=caller)

    handler = function("control", creators=("arn:aws:iam::123456789012:user/maker",))
    assert handler(create("user/stranger"), None)["statusCode"] == 403
    assert handler(create("user/maker"), None)["statusCode"] == 200


def test_s11_groups_that_the_control_function_makes_share_no_record(function):
    """One uid for every group would serve each group's records under every other name."""
    control, runtime = function("control"), function("runtime")
    for name in ("x", "y"):
        headers = {"x-amz-target": "SageMaker.CreateFeatureGroup"}
        body = create_request(name)
        del body["OfflineStoreConfig"]
        assert (
            control(http_event("POST", "/", body=body, headers=headers), None)["statusCode"] == 200
        )
    record = {"customer_id": "1", "event_time": "2024-01-01T00:00:00Z"}
    values = [{"FeatureName": k, "ValueAsString": v} for k, v in record.items()]
    put = http_event("PUT", "/FeatureGroup/y", body={"Record": values})
    assert runtime(put, None)["statusCode"] == 200
    assert runtime(http_event(**GET), None)["body"] == "{}"
    assert '"1"' in runtime(http_event(**{**GET, "path": "/FeatureGroup/y"}), None)["body"]
