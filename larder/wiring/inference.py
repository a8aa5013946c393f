"""The inference function's parts over the stores that its settings name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.dynamodb.wire.environment import credentials_from
from larder.aws.retries import Retries
from larder.models.adapters.dynamodb_endpoints import DynamoEndpoints
from larder.models.adapters.s3_artefacts import S3Artefacts
from larder.models.api.invoke_operations import InvokeApi
from larder.models.api.runtime_errors import LogPlace
from larder.models.endpoint_cache import MOST_SECONDS, EndpointCache
from larder.models.exposure import Answered, line_of
from larder.models.invoke import Invoker
from larder.models.residence import Residence
from larder.models.score import Scoring
from larder.models.warm_up import WarmUp
from larder.settings.inference import InferenceSettings
from larder.settings.runtime import RuntimeSettings
from larder.telemetry.log import Log, trace_of
from larder.telemetry.metrics import Metric
from larder.wiring.data_plane import open_data_plane
from larder.wiring.model_runtimes import NativeRuntimes
from larder.wiring.s3_endpoint import s3_endpoint


@dataclass(frozen=True)
class InferencePlane:
    """InvokeEndpoint and the warm-up, over the same loaded models."""

    api: InvokeApi
    warm_up: WarmUp
    scoring: Scoring


def open_inference(settings: InferenceSettings, log: Log) -> InferencePlane:
    """The inference function of a deployed platform, with the credentials of this process.

    Each answered request is a line of ``log``.

    Raises:
        ConfigurationError: there are no credentials, or a setting is malformed.
    """
    plane = open_data_plane(_runtime_settings(settings))
    dynamodb = DynamoWire.from_environment(settings.region, settings.partition, Retries())
    endpoint = s3_endpoint(settings.region, settings.partition)
    artefacts = S3Artefacts(endpoint, settings.models_bucket, credentials_from())
    models = Residence(NativeRuntimes(), artefacts, settings.models_bytes)
    invoker = Invoker(
        endpoints=EndpointCache(
            DynamoEndpoints(dynamodb, settings.registry_table),
            min(settings.endpoint_cache_seconds, MOST_SECONDS),
        ),
        reader=plane.reader,
        models=models,
        account_id=settings.account_id,
        store_seconds=settings.store_seconds,
    )
    api = InvokeApi(invoker, plane.rules, _log_place(settings), exposures(log))
    return InferencePlane(api, WarmUp(models), Scoring(models))


def exposures(log: Log) -> Callable[[Answered], None]:
    """What writes the exposure line of an answered request.

    It never raises, for the answer is made already: a line that is lost is counted.
    """

    def tell(answered: Answered) -> None:
        try:
            log.line("INFO", **line_of(answered))
        except Exception as error:
            log.line("ERROR", message="an exposure was lost", trace=trace_of(error))
            log.metrics({Metric.EXPOSURES_LOST: (1.0, "Count")})

    return tell


def _runtime_settings(settings: InferenceSettings) -> RuntimeSettings:
    """The data plane's part of them: features are read by the data plane's own path."""
    return RuntimeSettings(
        stage=settings.stage,
        valkey_address=settings.valkey_address,
        valkey_tls=settings.valkey_tls,
        valkey_user=settings.valkey_user,
        valkey_cache=settings.valkey_cache,
        valkey_epoch=settings.valkey_epoch,
        registry_table=settings.registry_table,
        records_table=settings.records_table,
        account_id=settings.account_id,
        region=settings.region,
        partition=settings.partition,
        group_cache_seconds=settings.group_cache_seconds,
        administrators=settings.administrators,
        missing_grants_deny=settings.missing_grants_deny,
    )


def _log_place(settings: InferenceSettings) -> LogPlace:
    """Where this function logs; Lambda says it to the process."""
    group = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/inference")
    return LogPlace(settings.partition, settings.region, settings.account_id, group)
