"""Entry point of the control plane: builds the object graph once, at cold start."""

import boto3
from botocore.config import Config

from lambdas.control.routes import create_handler
from larder.adapters.control_plane import control_plane
from larder.settings import ControlSettings

_client = boto3.client(
    "dynamodb",
    config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 3}),
)

handler = create_handler(control_plane(_client, ControlSettings.from_env()))
