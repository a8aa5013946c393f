"""Entry point of the offline writer: builds the object graph once, at cold start."""

from lambdas.offline_writer.events import by_kind, create_consumer, create_drain
from larder.settings.offline_writer import OfflineWriterSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.offline_writer import open_offline_writing

_RESERVE_SECONDS = 5.0
"""Kept back for the answer."""

_settings = OfflineWriterSettings.from_env()
_writing = open_offline_writing(_settings)

_log = Log.of(_settings.stage, "offline_writer")
_consume = create_consumer(_writing.writer, _writing.parse, _log)

handler = in_time(
    by_kind(_consume, create_drain(_consume, _writing.failures, _log)),
    reserve_seconds=_RESERVE_SECONDS,
)
