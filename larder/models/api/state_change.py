"""The events on models, endpoints and model packages: one was made, or has another status.

Details are like the answers of DescribeModel, DescribeEndpoint and DescribeModelPackage, with times
in milliseconds. A package's event also comes with each approval and rejection.
EndpointStatus is in capitals with underscores (``IN_SERVICE``), as AWS sends it. Source: AWS,
developer guide, "Automating Amazon SageMaker with Amazon EventBridge".
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from larder.groups.api.state_change import StateChange
from larder.models.api.control_answers import described_endpoint, described_model
from larder.models.api.package_answers import described_package
from larder.models.package_items import ModelPackage
from larder.models.registry_items import Endpoint, Model

_ENDPOINT = "SageMaker Endpoint State Change"
_MODEL = "SageMaker Model State Change"
_PACKAGE = "SageMaker Model Package State Change"
_PACKAGE_MEMBERS = (
    *("ModelPackageGroupName", "ModelPackageName", "ModelPackageVersion", "ModelPackageArn"),
    *("ModelPackageDescription", "InferenceSpecification", "ModelPackageStatus"),
    *("ModelPackageStatusDetails", "CertifyForMarketplace", "ModelApprovalStatus"),
    *("MetadataProperties", "ModelMetrics", "ApprovalDescription", "ModelLifeCycle"),
    *("CreatedBy", "LastModifiedBy"),
)


def endpoint_change(endpoint: Endpoint, arn: str) -> StateChange:
    """The event that an endpoint is in its status now."""
    members = described_endpoint(endpoint, arn) | {
        "EndpointStatus": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", endpoint.status).upper(),
        "CreationTime": endpoint.created // 1000,
        "LastModifiedTime": endpoint.modified // 1000,
    }
    summary = members.get("PendingDeploymentSummary")
    if endpoint.pending is not None and summary is not None:
        started = endpoint.pending.deployment.started // 1000
        members["PendingDeploymentSummary"] = summary | {"StartTime": started}
    return StateChange(arn, _written(members), _ENDPOINT)


def model_made(model: Model, arn: str) -> StateChange:
    """The event that there is a new model."""
    members = described_model(model, arn) | {"CreationTime": model.created // 1000}
    return StateChange(arn, _written(members), _MODEL)


def package_change(package: ModelPackage, arn: str) -> StateChange:
    """The event that a package is in its status now, and approved or not."""
    described = described_package(package, arn)
    members = {name: described[name] for name in _PACKAGE_MEMBERS if name in described}
    members |= {
        "CreationTime": package.created // 1000,
        "LastModifiedTime": package.modified // 1000,
    }
    return StateChange(arn, _written(members), _PACKAGE)


def _written(members: dict[str, Any]) -> str:
    return orjson.dumps(members).decode()
