"""The control plane that the API serves: its catalog, its rules of access, and what it forwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from larder.access.rules import AccessRules
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.retries import Retries
from larder.groups.metadata import FeatureCatalog
from larder.settings.control import ControlSettings
from larder.wire.errors import Response
from larder.wire.http import Request
from larder.wiring.control_plane import control_plane


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What the API's handler works on; ``forward`` is ``None`` where nothing is forwarded."""

    catalog: FeatureCatalog
    rules: AccessRules
    forward: Callable[[Request], Response] | None


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
    home = catalog.groups.platform.home
    return ControlPlane(
        catalog=catalog,
        rules=AccessRules.read(
            home, settings.administrators, settings.missing_grants_deny, settings.creators
        ),
        forward=_forwarding(settings),
    )


def _forwarding(settings: ControlSettings) -> Callable[[Request], Response] | None:
    if not settings.forward_sagemaker_endpoint:
        return None
    # imported where it is used: botocore would be half of a cold start
    from larder.wire.adapters.forwarding import open_forwarder  # noqa: PLC0415

    return open_forwarder(settings.forward_sagemaker_endpoint, settings.region)
