"""Entry point of the lifecycle function: builds the object graph once, at cold start."""

from lambdas.lifecycle.events import create_consumer
from larder.settings.lifecycle import LifecycleSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.lifecycle import open_lifecycle

_RESERVE_SECONDS = 5.0
"""Kept back for the answer."""

handler = in_time(
    create_consumer(open_lifecycle(LifecycleSettings.from_env()), Log({"Function": "lifecycle"})),
    reserve_seconds=_RESERVE_SECONDS,
)
