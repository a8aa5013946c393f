"""Comparisons of models over the registry, S3 and the native libraries."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.dynamodb.wire.environment import credentials_from, service_endpoint
from larder.aws.s3_objects import Objects
from larder.aws.signed_http import SignedHttp
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.s3_artefacts import SECONDS, S3Artefacts
from larder.models.registry import ModelRegistry
from larder.models.residence import Residence
from larder.models.served import ServedModel
from larder.settings.trainings import ModelComparisonSettings
from larder.trainings.adapters.duckdb_rows import DuckRows
from larder.trainings.compare import Comparing
from larder.wiring.boto import background
from larder.wiring.model_runtimes import NativeRuntimes


@dataclass(frozen=True, slots=True)
class _Served:
    """Implements ``larder.trainings.compare.Served``."""

    registry: ModelRegistry

    def served(self, package: str) -> ServedModel | None:
        found = self.registry.packages.get(package)
        return found.served if found else None


def open_comparing(settings: ModelComparisonSettings) -> Comparing:
    """Comparisons of a platform, with the credentials of this process."""
    config = background()
    objects = Objects(boto3.client("s3", config=config))
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    endpoint = service_endpoint("s3", settings.region, settings.partition)
    s3 = SignedHttp(endpoint, "s3", credentials_from(), SECONDS)
    artefacts = S3Artefacts(s3, settings.offline_bucket)
    models = Residence(NativeRuntimes(), artefacts, settings.models_bytes)
    packages = _Served(dynamo_model_registry(dynamodb, settings.registry_table))
    return Comparing(DuckRows(objects), packages, models, objects)
