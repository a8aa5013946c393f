"""Scoring shards of predictions over S3 and the models' own libraries."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.dynamodb.wire.environment import credentials_from, service_endpoint
from larder.aws.retries import Retries
from larder.aws.s3_objects import Objects
from larder.aws.signed_http import SignedHttp
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.models.adapters.s3_artefacts import SECONDS, S3Artefacts
from larder.models.residence import Residence
from larder.predictions.adapters.duckdb_shards import DuckShards
from larder.predictions.score import Scoring
from larder.settings.scoring import ScoringSettings
from larder.wiring.boto import background
from larder.wiring.model_runtimes import NativeRuntimes


def open_scoring(settings: ScoringSettings) -> Scoring:
    """The scoring function of a deployed platform, with the credentials of this process."""
    objects = Objects(boto3.client("s3", config=background()))
    endpoint = service_endpoint("s3", settings.region, settings.partition)
    s3 = SignedHttp(endpoint, "s3", credentials_from(), SECONDS)
    artefacts = S3Artefacts(s3, settings.offline_bucket)
    dynamodb = DynamoWire.from_environment(settings.region, settings.partition, Retries())
    groups = DynamoGroups(dynamodb, settings.registry_table)
    models = Residence(NativeRuntimes(), artefacts, settings.models_bytes)
    shards = DuckShards(objects, models, groups.get, settings.database_mb)
    return Scoring(objects, shards, settings.offline_bucket)
