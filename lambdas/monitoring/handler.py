"""Entry point of monitoring: builds the object graph once, at cold start."""

from lambdas.monitoring.events import create_handler
from larder.settings.monitoring import MonitoringSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.monitoring import open_rounds

_RESERVE_SECONDS = 10.0
"""Kept back so that a run under way is kept, and the answer is given."""

_settings = MonitoringSettings.from_env()

handler = in_time(
    create_handler(open_rounds(_settings), Log.of(_settings.stage, "monitoring")),
    reserve_seconds=_RESERVE_SECONDS,
)
