"""Entry point of the control plane: builds the object graph once, at cold start."""

import boto3
from botocore.config import Config

from lambdas.control.routes import create_handler
from larder.access.rules import AccessRules
from larder.settings.control import ControlSettings
from larder.wire.adapters.forwarding import open_forwarder
from larder.wiring.control_plane import control_plane

_client = boto3.client(
    "dynamodb",
    config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 3}),
)

_settings = ControlSettings.from_env()
_catalog = control_plane(_client, _settings)

handler = create_handler(
    _catalog,
    AccessRules.read(
        _catalog.groups.platform.home, _settings.administrators, _settings.missing_grants_deny
    ),
    open_forwarder(_settings.forward_sagemaker_endpoint, _settings.region),
)
