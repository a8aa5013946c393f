"""Entry point of the lifecycle function: builds the object graph once, at cold start."""

from lambdas.lifecycle.events import create_consumer
from larder.settings.lifecycle import LifecycleSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.lifecycle import open_lifecycle

_RESERVE_SECONDS = 5.0
"""Kept back for the answer."""

_settings = LifecycleSettings.from_env()

handler = in_time(
    create_consumer(open_lifecycle(_settings), Log.of(_settings.stage, "lifecycle")),
    reserve_seconds=_RESERVE_SECONDS,
)
