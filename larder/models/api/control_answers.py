"""The control plane's answers on models and endpoints. Times are epoch seconds, as for groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larder.groups.api.answers import present, seconds
from larder.models.deployment import Deployment, Phase
from larder.models.registry_items import Endpoint, EndpointConfig, Item, Model, VariantDetail
from larder.models.served import Variant

Members = dict[str, Any]


def described_model(model: Model, arn: str) -> Members:
    """DescribeModel's answer: what was sent, in the form in which it was sent."""
    return {
        "ModelName": model.name,
        **model.sent,
        "CreationTime": seconds(model.created),
        "ModelArn": arn,
    }


def described_config(config: EndpointConfig, arn: str) -> Members:
    """DescribeEndpointConfig's answer."""
    return {
        "EndpointConfigName": config.name,
        "EndpointConfigArn": arn,
        **config.sent,
        "CreationTime": seconds(config.created),
    }


def described_endpoint(endpoint: Endpoint, arn: str) -> Members:
    """DescribeEndpoint's answer."""
    fleet = endpoint.served.blue
    details = {each.name: each for each in endpoint.details}
    return present(
        {
            "EndpointName": endpoint.name,
            "EndpointArn": arn,
            "EndpointConfigName": fleet.config,
            "ProductionVariants": _variants(fleet.variants, details),
            "ShadowProductionVariants": _variants(fleet.shadows, details) or None,
            "DataCaptureConfig": _capture(endpoint) or None,
            "EndpointStatus": endpoint.status.value,
            "FailureReason": endpoint.failure,
            "CreationTime": seconds(endpoint.created),
            "LastModifiedTime": seconds(endpoint.modified),
            "LastDeploymentConfig": dict(endpoint.deployment) or None,
            "PendingDeploymentSummary": _pending(endpoint),
        }
    )


def _pending(endpoint: Endpoint) -> Members | None:
    """PendingDeploymentSummary; ``None`` where no update moves traffic."""
    pending, green = endpoint.pending, endpoint.served.green
    if pending is None or green is None:
        return None
    details = {each.name: each for each in pending.details}
    status = {"VariantStatus": [_variant_status(pending.deployment)]}
    return present(
        {
            "EndpointConfigName": green.config,
            "ProductionVariants": [each | status for each in _variants(green.variants, details)],
            "ShadowProductionVariants": _variants(green.shadows, details) or None,
            "StartTime": seconds(pending.deployment.started),
        }
    )


def _variant_status(deployment: Deployment) -> Members:
    """SageMaker's ProductionVariantStatus of the new variants."""
    back = deployment.phase is Phase.ROLLING_BACK
    status = "Deleting" if back else "Baking" if deployment.taken else "ActivatingTraffic"
    text = f"{deployment.share:.0%} of the traffic"
    reason = f"; rolling back: {deployment.reason}" if back else ""
    return {"Status": status, "StatusMessage": f"{text}{reason}"[:1024]}


def _capture(endpoint: Endpoint) -> Members:
    """DataCaptureConfigSummary; empty where the configuration has no data capture."""
    config = endpoint.served.capture
    if not config:
        return {}
    enabled = bool(config.get("EnableCapture"))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }


def summarized_model(model: Item, arn: str) -> Members:
    """A model as ListModels answers it."""
    return {"ModelName": model.name, "ModelArn": arn, "CreationTime": seconds(model.created)}


def summarized_config(config: Item, arn: str) -> Members:
    """An endpoint configuration as ListEndpointConfigs answers it."""
    return {
        "EndpointConfigName": config.name,
        "EndpointConfigArn": arn,
        "CreationTime": seconds(config.created),
    }


def summarized_endpoint(endpoint: Item, arn: str) -> Members:
    """An endpoint as ListEndpoints answers it."""
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": arn,
        "CreationTime": seconds(endpoint.created),
        "LastModifiedTime": seconds(endpoint.modified),
        "EndpointStatus": str(endpoint.status),
    }


def _variants(variants: tuple[Variant, ...], details: Mapping[str, VariantDetail]) -> list[Members]:
    return [_variant(each, details[each.name]) for each in variants]


def _variant(variant: Variant, detail: VariantDetail) -> Members:
    serverless = dict(detail.serverless) or None
    return present(
        {
            "VariantName": variant.name,
            "DeployedImages": [
                {
                    "SpecifiedImage": detail.image,
                    "ResolvedImage": f"{detail.image}@sha256:{variant.model.artefacts[0].sha256}",
                    "ResolutionTime": seconds(detail.resolved),
                }
            ],
            "CurrentWeight": variant.weight,
            "DesiredWeight": variant.weight,
            "CurrentInstanceCount": detail.count,
            "DesiredInstanceCount": detail.count,
            "CurrentServerlessConfig": serverless,
            "DesiredServerlessConfig": serverless,
        }
    )
