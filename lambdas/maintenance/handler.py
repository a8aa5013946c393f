"""Entry point of the scheduled maintenance of the offline tables."""

from lambdas.maintenance.events import create_handler
from larder.settings.maintenance import MaintenanceSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.maintenance import open_maintenance

_RESERVE_SECONDS = 20.0
"""Kept back so that a commit under way ends, and the answer is given."""

_settings = MaintenanceSettings.from_env()

handler = in_time(
    create_handler(open_maintenance(_settings), Log.of(_settings.stage, "maintenance")),
    reserve_seconds=_RESERVE_SECONDS,
)
