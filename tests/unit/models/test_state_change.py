"""What the registry's stream says of models and endpoints, as events."""

from dataclasses import replace

import orjson
import pytest

from larder.models.adapters.dynamodb_item import to_item
from larder.models.adapters.dynamodb_stream import model_change
from larder.models.deployment import Deployment
from larder.models.package_items import Approval
from larder.models.registry_items import (
    Endpoint,
    EndpointConfig,
    Kind,
    Model,
    Pending,
    VariantDetail,
)
from larder.models.served import EndpointStatus
from larder.models.traffic_plan import TrafficPlan
from tests.support.model_registry import IMAGE, served_model
from tests.support.models import endpoint as served_endpoint
from tests.support.packages import SPECIFICATION, model_package, package_group

STREAM = "arn:aws-cn:dynamodb:cn-north-1:210987654321:table/registry/stream/2026"
START = 1_700_000_000_123_456


def _record(kind, new, old=None):
    images = {"NewImage": to_item(kind, new)} if new else {}
    if old:
        images["OldImage"] = to_item(kind, old)
    item = to_item(kind, new or old)
    return {
        "eventName": "MODIFY",
        "eventSourceARN": STREAM,
        "dynamodb": {"Keys": {name: item[name] for name in ("pk", "sk")}, **images},
    }


def _endpoint(status=EndpointStatus.IN_SERVICE, **changes):
    served = served_endpoint(status=status)
    values = {
        "name": "Demo",
        "uid": served.uid,
        "created": START,
        "changed": START,
        "failure": None,
    }
    detail = VariantDetail(name="AllTraffic", image=IMAGE, resolved=START)
    return Endpoint(**values | changes, served=served, details=(detail,))


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (EndpointStatus.CREATING, "CREATING"),
        (EndpointStatus.IN_SERVICE, "IN_SERVICE"),
        (EndpointStatus.FAILED, "FAILED"),
        (EndpointStatus.ROLLING_BACK, "ROLLING_BACK"),
    ],
)
def test_an_endpoint_in_another_status_is_an_event(status, word):
    old = _endpoint(EndpointStatus.UPDATING)
    change = model_change(_record(Kind.ENDPOINT, _endpoint(status), old))

    assert change.detail_type == "SageMaker Endpoint State Change"
    assert change.resource == "arn:aws-cn:sagemaker:cn-north-1:210987654321:endpoint/demo"
    detail = orjson.loads(change.detail)
    assert (detail["EndpointStatus"], detail["EndpointName"]) == (word, "Demo")
    assert detail["CreationTime"] == START // 1000


def test_the_steps_of_an_update_are_no_events_and_its_statuses_are():
    plan = TrafficPlan(shares=(0.1, 1.0), wait=60)
    deployment = Deployment(uid="u", plan=plan, started=START, due=START, share=0.1, taken=1)
    detail = VariantDetail(name="AllTraffic", image=IMAGE, resolved=START)
    pending = Pending(deployment=deployment, details=(detail,))
    rest = _endpoint()
    served = replace(rest.served, green=rest.served.blue, green_share=0.1)
    moving = replace(rest, served=served, pending=pending).in_status(EndpointStatus.UPDATING, START)
    change = model_change(_record(Kind.ENDPOINT, moving, rest))
    summary = orjson.loads(change.detail)["PendingDeploymentSummary"]
    assert (summary["EndpointConfigName"], summary["StartTime"]) == ("config", START // 1000)
    further = replace(moving, served=replace(moving.served, green_share=1.0))
    assert model_change(_record(Kind.ENDPOINT, further, moving)) is None
    back = moving.in_status(EndpointStatus.ROLLING_BACK, START)
    detail = orjson.loads(model_change(_record(Kind.ENDPOINT, back, moving)).detail)
    assert detail["EndpointStatus"] == "ROLLING_BACK"


def test_a_change_of_tags_or_weights_is_no_event_and_a_new_endpoint_of_the_name_is():
    old = _endpoint()
    assert model_change(_record(Kind.ENDPOINT, replace(old, tags=(("a", "b"),)), old)) is None
    again = replace(old, uid="another", served=replace(old.served, uid="another"))
    assert model_change(_record(Kind.ENDPOINT, again, old)) is not None
    assert model_change(_record(Kind.ENDPOINT, None, old)) is None


def test_a_new_model_is_an_event_and_a_tagged_one_and_a_configuration_are_not():
    model = Model(name="M", uid="u", created=START, sent={"a": 1}, served=served_model())
    change = model_change(_record(Kind.MODEL, model))

    assert change.detail_type == "SageMaker Model State Change"
    assert orjson.loads(change.detail)["ModelName"] == "M"
    assert model_change(_record(Kind.MODEL, replace(model, tags=(("a", "b"),)), model)) is None
    config = EndpointConfig(name="C", uid="u", created=START, sent={}, variants=())
    assert model_change(_record(Kind.ENDPOINT_CONFIG, config)) is None


def test_a_package_is_an_event_when_it_is_made_and_when_it_is_approved_or_not():
    package = model_package("Churn/7", approval=Approval.PENDING)
    change = model_change(_record(Kind.PACKAGE, package))

    assert change.detail_type == "SageMaker Model Package State Change"
    arn = "arn:aws-cn:sagemaker:cn-north-1:210987654321:model-package/Churn/7"
    assert change.resource == arn
    detail = orjson.loads(change.detail)
    assert detail["CreationTime"] == START // 1000
    assert detail["InferenceSpecification"] == SPECIFICATION
    names = (
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageStatus",
    )
    assert [detail[name] for name in names] == ["Churn", 7, arn, "Completed"]
    assert detail["ModelApprovalStatus"] == "PendingManualApproval"

    approved = replace(package, approval=Approval.APPROVED, reason="good")
    detail = orjson.loads(model_change(_record(Kind.PACKAGE, approved, package)).detail)
    assert (detail["ModelApprovalStatus"], detail["ApprovalDescription"]) == ("Approved", "good")
    noted = replace(approved, metadata={"a": "b"})
    assert model_change(_record(Kind.PACKAGE, noted, approved)) is None
    assert model_change(_record(Kind.PACKAGE, None, approved)) is None
    assert model_change(_record(Kind.PACKAGE_GROUP, package_group("Churn"))) is None


def test_a_feature_group_is_no_model():
    keys = {"pk": {"S": "G#demo"}, "sk": {"S": "group"}}
    record = {"dynamodb": {"Keys": keys, "NewImage": {**keys, "doc": {"S": "{}"}}}}
    assert model_change(record) is None
