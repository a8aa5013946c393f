"""Runs of trainings over DynamoDB, Athena, S3 and the registry of models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.dynamodb.wire.environment import credentials_from, service_endpoint
from larder.aws.lambda_function import SECONDS, LambdaFunction
from larder.aws.s3_objects import Objects
from larder.aws.signed_http import SignedHttp
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.names import Home
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.remote import RemoteImport, RemoteWarmUp
from larder.models.catalog import ModelCatalog
from larder.pipelines.adapters.dynamodb_ledger import DynamoLedger
from larder.settings.trainings import TrainingsSettings
from larder.training_sets.adapters.registered_groups import RegisteredGroups
from larder.trainings.adapters.arrow_parts import ArrowParts
from larder.trainings.adapters.documents import from_json
from larder.trainings.adapters.dynamodb_runs import DynamoTrainingRuns
from larder.trainings.adapters.pipelines_read import LedgerPublished
from larder.trainings.definition import Training
from larder.trainings.packages import ApiPackages
from larder.trainings.work import TrainingWork
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros, random_uid
from larder.wiring.model_deployment import open_traffic
from larder.wiring.published_documents import published
from larder.wiring.training_sets_over import HistorySettings, training_sets_over


def open_training_work(settings: TrainingsSettings) -> TrainingWork:
    """The steps of runs, with the credentials of this process."""
    config = background()
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    s3 = boto3.client("s3", config=config)
    objects = Objects(s3)
    history = HistorySettings(
        offline_bucket=settings.offline_bucket,
        database=settings.glue_database,
        workgroup=settings.workgroup,
    )
    groups = RegisteredGroups(DynamoGroups(dynamodb, settings.registry_table))
    address = f"s3://{settings.definitions_bucket}/{settings.definitions_key}"
    return TrainingWork(
        trainings=cache(lambda: read_trainings(s3, address)),
        ledger=DynamoTrainingRuns(dynamodb, settings.registry_table),
        sets=training_sets_over(history, groups),
        parts=ArrowParts(objects),
        bucket=objects,
        registry=ApiPackages(_catalog(settings, dynamodb)),
        published=LedgerPublished(DynamoLedger(dynamodb, settings.registry_table)),
        bucket_name=settings.offline_bucket,
        clock=now_micros,
    )


def read_trainings(s3: Any, address: str) -> Mapping[str, Training]:  # noqa: ANN401 - boto3's
    """The trainings of a deployment, by name."""
    return from_json(published(s3, address, "trainings"))


def _catalog(settings: TrainingsSettings, dynamodb: BotoDynamo) -> ModelCatalog:
    """The registry as the control plane has it, for the account itself.

    Who deploys trainings may name any group of packages, so grants are not asked.
    """
    endpoint = service_endpoint("lambda", settings.region, settings.partition)
    service = SignedHttp(endpoint, "lambda", credentials_from(), SECONDS)
    return ModelCatalog(
        registry=dynamo_model_registry(dynamodb, settings.registry_table),
        home=Home(settings.partition, settings.region, settings.account_id),
        importer=RemoteImport(LambdaFunction(service, settings.import_function)),
        # no training makes an endpoint, so that nothing is warmed up and no traffic moved
        warm_up=RemoteWarmUp(LambdaFunction(service, "")),
        traffic=open_traffic(""),
        clock=now_micros,
        new_uid=random_uid,
        kms_key_arn=settings.kms_key_arn,
    )
