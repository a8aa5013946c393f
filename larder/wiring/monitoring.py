"""Monitoring over DynamoDB, Athena, S3, Lambda and SNS, with this process's rights."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.models.adapters.athena_rows import AthenaRows
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.inference_scoring import InferenceScorer
from larder.models.exposure_table import TABLE
from larder.monitoring.adapters.dynamodb_schedules import dynamo_watches
from larder.monitoring.adapters.glue_table import GlueTable
from larder.monitoring.adapters.s3_documents import S3Documents
from larder.monitoring.adapters.sns_alerts import SnsAlerts
from larder.monitoring.adapters.training_rows import StoredTrainingSets
from larder.monitoring.alerts import AlertBook
from larder.monitoring.baselines import Baselines
from larder.monitoring.rounds import Rounds
from larder.monitoring.run import Monitor
from larder.offline.adapters.athena import AthenaQueries
from larder.settings.base import Settings
from larder.settings.monitoring import MonitoringSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros

_SCORING_SECONDS = 30.0
"""As long as the inference function may run."""


@dataclass(frozen=True, kw_only=True)
class MonitoringClientSettings(Settings):
    """What a person's process needs to run monitoring itself, by its own rights."""

    registry_table: str
    offline_bucket: str
    database: str
    workgroup: str
    inference_function: str = ""
    stage: str = ""


def open_rounds(settings: MonitoringSettings) -> Rounds:
    """Monitoring by its function, which tells the topic."""
    receiver = None
    if settings.alert_topic:
        receiver = SnsAlerts(boto3.client("sns", config=background()), settings.alert_topic)
    return _rounds(
        registry_table=settings.registry_table,
        bucket=settings.offline_bucket,
        database=settings.glue_database,
        workgroup=settings.workgroup,
        function=settings.inference_function,
        receiver=receiver,
        stage=settings.stage,
        places=settings.places,
    )


def open_monitoring(settings: MonitoringClientSettings) -> Rounds:
    """Monitoring by a person's commands: alerts are kept, and no message is sent."""
    return _rounds(
        registry_table=settings.registry_table,
        bucket=settings.offline_bucket,
        database=settings.database,
        workgroup=settings.workgroup,
        function=settings.inference_function,
        receiver=None,
        stage=settings.stage,
    )


def _rounds(  # noqa: PLR0913 - each by its name
    *,
    registry_table: str,
    bucket: str,
    database: str,
    workgroup: str,
    function: str,
    receiver: SnsAlerts | None,
    stage: str,
    places: tuple[str, ...] = (),
) -> Rounds:
    config = background()
    s3, athena = boto3.client("s3", config=config), boto3.client("athena", config=config)
    documents = S3Documents(s3, bucket, places)
    sets = StoredTrainingSets(Objects(s3), bucket)
    scorer = _scorer(function)
    baselines = Baselines(documents=documents, sets=sets, clock=now_micros, scorer=scorer)
    queries = AthenaRows(athena, AthenaQueries(athena, workgroup, database))
    table = GlueTable(boto3.client("glue", config=config), database, TABLE)
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    return Rounds(
        registry=dynamo_model_registry(dynamodb, registry_table),
        monitor=Monitor(queries, database, baselines, table.exists),
        baselines=baselines,
        documents=documents,
        alerts=AlertBook(documents=documents, stage=stage, receiver=receiver),
        watches=dynamo_watches(dynamodb, registry_table),
        clock=now_micros,
    )


def _scorer(function: str) -> InferenceScorer | None:
    """None where the stage was deployed by a release that did not publish the function."""
    if not function:
        return None
    config = background(read_seconds=_SCORING_SECONDS)
    return InferenceScorer(boto3.client("lambda", config=config), function)
