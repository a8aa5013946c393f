"""The events that say that a model was made, or that an endpoint is in another status.

Details are like the answers of DescribeModel and DescribeEndpoint, with times in milliseconds.
EndpointStatus is in capitals with underscores (``IN_SERVICE``), as AWS sends it. Source: AWS,
developer guide, "Automating Amazon SageMaker with Amazon EventBridge".
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from larder.groups.api.state_change import StateChange
from larder.models.api.control_answers import described_endpoint, described_model
from larder.models.registry_items import Endpoint, Model

_ENDPOINT = "SageMaker Endpoint State Change"
_MODEL = "SageMaker Model State Change"


def endpoint_change(endpoint: Endpoint, arn: str) -> StateChange:
    """The event that an endpoint is in its status now."""
    members = described_endpoint(endpoint, arn) | {
        "EndpointStatus": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", endpoint.status).upper(),
        "CreationTime": endpoint.created // 1000,
        "LastModifiedTime": endpoint.modified // 1000,
    }
    return StateChange(arn, _written(members), _ENDPOINT)


def model_made(model: Model, arn: str) -> StateChange:
    """The event that there is a new model."""
    members = described_model(model, arn) | {"CreationTime": model.created // 1000}
    return StateChange(arn, _written(members), _MODEL)


def _written(members: dict[str, Any]) -> str:
    return orjson.dumps(members).decode()
