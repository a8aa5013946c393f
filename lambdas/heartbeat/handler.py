"""Entry point of the heartbeat: one round through every shard of the records table's stream."""

from lambdas.heartbeat.events import create_handler
from larder.settings.heartbeat import HeartbeatSettings
from larder.telemetry.log import Log
from larder.wiring.heartbeat import open_heartbeats
from larder.wiring.lambda_context import in_time

_RESERVE_SECONDS = 5.0
"""Kept back for saving what was learnt."""

_settings = HeartbeatSettings.from_env()

handler = in_time(
    create_handler(open_heartbeats(_settings), Log.of(_settings.stage, "heartbeat")),
    reserve_seconds=_RESERVE_SECONDS,
)
