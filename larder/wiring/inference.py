"""The inference function's parts over the stores that its settings name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from larder.aws.dynamodb.wire.environment import credentials_from, service_endpoint
from larder.aws.signed_http import SignedHttp
from larder.models.adapters.dynamodb_endpoints import DynamoEndpoints
from larder.models.adapters.s3_artefacts import SECONDS, S3Artefacts
from larder.models.api.invoke_operations import InvokeApi, Measure
from larder.models.api.runtime_errors import LogPlace
from larder.models.endpoint_cache import MOST_SECONDS, EndpointCache
from larder.models.exposure import Answered, line_of
from larder.models.invocation_metrics import lines_of
from larder.models.invoke import Invoker
from larder.models.residence import Residence
from larder.models.score import Scoring
from larder.models.served import ServedEndpoint, Variant
from larder.models.warm_up import WarmUp
from larder.settings.inference import InferenceSettings
from larder.telemetry.log import Log, trace_of
from larder.telemetry.metrics import Metric
from larder.wiring.data_plane import open_data_plane
from larder.wiring.model_runtimes import NativeRuntimes


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
    plane = open_data_plane(settings)
    endpoint = service_endpoint("s3", settings.region, settings.partition)
    s3 = SignedHttp(endpoint, "s3", credentials_from(), SECONDS)
    artefacts = S3Artefacts(s3, settings.models_bucket)
    models = Residence(NativeRuntimes(), artefacts, settings.models_bytes)
    invoker = Invoker(
        endpoints=EndpointCache(
            DynamoEndpoints(plane.dynamodb, settings.registry_table),
            min(settings.endpoint_cache_seconds, MOST_SECONDS),
        ),
        reader=plane.reader,
        models=models,
        account_id=settings.account_id,
        store_seconds=settings.store_seconds,
    )
    place = _log_place(settings)
    api = InvokeApi(invoker, plane.rules, place, exposures(log), measures(settings.stage, log))
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


def measures(stage: str, log: Log) -> Measure:
    """What writes the metrics of a request; as the exposure line it never raises."""

    def measure(
        endpoint: ServedEndpoint, variants: Sequence[Variant], status: int, seconds: float
    ) -> None:
        try:
            for line in lines_of(stage, endpoint, variants, status, seconds, log.clock()):
                log.write(line)
        except Exception as error:
            log.line("ERROR", message="metrics were lost", trace=trace_of(error))

    return measure


def _log_place(settings: InferenceSettings) -> LogPlace:
    """Where this function logs; Lambda says it to the process."""
    group = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/inference")
    return LogPlace(settings.partition, settings.region, settings.account_id, group)
