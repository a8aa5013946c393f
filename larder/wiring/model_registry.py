"""The registry of models for a person's commands: read from its table, changed by the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.registry import ModelRegistry
from larder.wiring.sagemaker import CONTROL, ApiSettings, sagemaker_client


@dataclass(frozen=True, kw_only=True)
class ModelRegistrySettings(ApiSettings):
    """The API, and the table that the registry is in."""

    registry_table: str


def open_registry(settings: ModelRegistrySettings) -> ModelRegistry:
    """The registry, by the credentials of the environment; they must be allowed to read it."""
    client = boto3.client("dynamodb", region_name=settings.region or None)
    return dynamo_model_registry(BotoDynamo(client), settings.registry_table)


def open_control(settings: ModelRegistrySettings) -> Any:  # noqa: ANN401 - as boto3
    """boto3's client of the API; raises as ``sagemaker_client``."""
    return sagemaker_client(CONTROL, settings)
