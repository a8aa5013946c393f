"""The control plane that the API serves: its catalog, its rules of access, and what it forwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from larder.access.rules import AccessRules
from larder.aws.dynamodb.api import DynamoApi
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.dynamodb.wire.environment import credentials_from, service_endpoint
from larder.aws.lambda_function import SECONDS, LambdaFunction
from larder.aws.retries import Retries
from larder.aws.signed_http import SignedHttp
from larder.groups.metadata import FeatureCatalog
from larder.groups.names import Home
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.remote import RemoteImport, RemoteWarmUp
from larder.models.catalog import ModelCatalog
from larder.models.move_endpoint import Traffic
from larder.settings.control import ControlSettings
from larder.transforms.adapters.dynamodb_jobs import DynamoJobs
from larder.transforms.manage_jobs import TransformJobs
from larder.transforms.ports import JobMachine
from larder.wire.errors import Response
from larder.wire.http import Request
from larder.wiring.control_plane import control_plane, now_micros, random_uid

if TYPE_CHECKING:
    from larder.monitoring.manage_schedules import Monitoring


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What the API's handler works on; ``forward`` is ``None`` where nothing is forwarded."""

    catalog: FeatureCatalog
    rules: AccessRules
    forward: Callable[[Request], Response] | None
    models: ModelCatalog | None
    transforms: TransformJobs | None = None
    monitoring: Callable[[], Monitoring] | None = None


def open_control(settings: ControlSettings) -> ControlPlane:
    """The control plane of the platform that the settings name.

    Raises:
        ConfigurationError: a pattern of an administrator is malformed, or there are no
            credentials.
    """
    # its answers are larger than those of the data plane: a page of groups, with all features
    dynamodb = DynamoWire.from_environment(
        settings.region, settings.partition, Retries(), call_seconds=10.0, read_seconds=3.0
    )
    catalog = control_plane(dynamodb, settings)
    models = _models(dynamodb, settings) if settings.import_function else None
    home = catalog.groups.platform.home
    return ControlPlane(
        catalog=catalog,
        rules=AccessRules.read(
            home, settings.administrators, settings.missing_grants_deny, settings.creators
        ),
        forward=_forwarding(settings),
        models=models,
        transforms=_transforms(dynamodb, settings, models) if models else None,
        monitoring=_monitoring(dynamodb, settings, models) if models else None,
    )


@dataclass(frozen=True)
class _JobsOnUse:
    """Implements ``JobMachine``: the SDK is imported by the first job."""

    machine_arn: str

    def start(self, name: str, uid: str) -> None:
        self._opened.start(name, uid)

    def broken(self, name: str, uid: str) -> str | None:
        return self._opened.broken(name, uid)

    @cached_property
    def _opened(self) -> JobMachine:
        # imported where it is used: boto3 would be half of a cold start
        from larder.wiring.transforms import open_machine  # noqa: PLC0415

        return open_machine(self.machine_arn)


def _transforms(
    dynamodb: DynamoApi, settings: ControlSettings, models: ModelCatalog
) -> TransformJobs | None:
    if not settings.transform_machine:
        return None
    return TransformJobs(
        store=DynamoJobs(dynamodb, settings.registry_table),
        models=models,
        machine=_JobsOnUse(settings.transform_machine),
        places=settings.transform_below,
    )


def _monitoring(
    dynamodb: DynamoApi, settings: ControlSettings, models: ModelCatalog
) -> Callable[[], Monitoring] | None:
    if not settings.monitoring_places:
        return None

    @cache
    def opened() -> Monitoring:
        # imported where it is used: monitoring would be a sixth of a cold start
        from larder.wiring.monitoring_control import open_monitoring_control  # noqa: PLC0415

        return open_monitoring_control(dynamodb, settings, models)

    return opened


@dataclass(frozen=True)
class _TrafficOnUse:
    """Implements both ports of ``Traffic``: the SDK is imported by the update that needs it."""

    machine_arn: str

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        return self._opened.alarms.states(names)

    def start(self, endpoint: str, uid: str) -> None:
        self._opened.machine.start(endpoint, uid)

    @cached_property
    def _opened(self) -> Traffic:
        # imported where it is used: boto3 would be half of a cold start
        from larder.wiring.model_deployment import open_traffic  # noqa: PLC0415

        return open_traffic(self.machine_arn)


def _models(dynamodb: DynamoApi, settings: ControlSettings) -> ModelCatalog:
    endpoint = service_endpoint("lambda", settings.region, settings.partition)
    traffic = _TrafficOnUse(settings.deployment_machine)
    service = SignedHttp(endpoint, "lambda", credentials_from(), SECONDS)
    return ModelCatalog(
        registry=dynamo_model_registry(dynamodb, settings.registry_table),
        home=Home(settings.partition, settings.region, settings.account_id),
        importer=RemoteImport(LambdaFunction(service, settings.import_function)),
        warm_up=RemoteWarmUp(LambdaFunction(service, settings.inference_function)),
        traffic=Traffic(traffic, traffic),
        clock=now_micros,
        new_uid=random_uid,
        kms_key_arn=settings.kms_key_arn,
        capture_below=settings.capture_below,
        two_persons=bool(settings.two_persons),
    )


def _forwarding(settings: ControlSettings) -> Callable[[Request], Response] | None:
    if not settings.forward_sagemaker_endpoint:
        return None
    # imported where it is used: botocore would be half of a cold start
    from larder.wire.adapters.forwarding import open_forwarder  # noqa: PLC0415

    return open_forwarder(settings.forward_sagemaker_endpoint, settings.region)
