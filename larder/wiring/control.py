"""The control plane that the API serves: its catalog, its rules of access, and what it forwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import boto3

from larder.access.rules import AccessRules
from larder.groups.metadata import FeatureCatalog
from larder.settings.control import ControlSettings
from larder.wire.adapters.forwarding import open_forwarder
from larder.wire.errors import Response
from larder.wire.http import Request
from larder.wiring.boto import answering
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
            credentials to forward with.
    """
    catalog = control_plane(boto3.client("dynamodb", config=answering()), settings)
    home = catalog.groups.platform.home
    return ControlPlane(
        catalog=catalog,
        rules=AccessRules.read(
            home, settings.administrators, settings.missing_grants_deny, settings.creators
        ),
        forward=open_forwarder(settings.forward_sagemaker_endpoint, settings.region),
    )
